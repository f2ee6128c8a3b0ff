// SPDX-License-Identifier: Apache-2.0
// What a formula that counts no roundings is computed in: float in double, double (and float on CUDA, where a double
// costs more) in two terms. Out of line, so that it is compiled once for all the element types that share it.
#pragma once

#include <cstring>

#include "low_precision.h"
#include "simd.h"
#include "twofold.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {
namespace math {

template <class V>
SMOOTHACT_FN V narrow(const V& a) {
  return a;
}
template <class T, int N, int D>
SMOOTHACT_FN Simd<T, N, D> scaled(const Simd<T, N, D>& a, std::type_identity_t<Simd<T, N, D>> power_of_two) {
  return a * power_of_two;
}

template <class W, class F, class V>
SMOOTHACT_OUTLINE V outlined(const F& f, V x) {
  return f.template operator()<W>(x);
}

// f is a function of V that is told the number W to compute in: f.operator()<W>(x).
template <class V>
struct Widened;

template <int N>
struct Widened<Simd<double, N>> {
  using V = Simd<double, N>;
  template <class F>
  static SMOOTHACT_FN V call(const F& f, V x) {
    return outlined<Twofold<V>>(f, x);
  }
};

template <int D>
struct Widened<Simd<float, 1, D>> {
  using V = Simd<float, 1, D>;
  template <class F>
  static SMOOTHACT_FN V call(const F& f, V x) {
    if constexpr (on_cuda) {
      using S = Simd<float, 1>;
      return V::from(outlined<Twofold<S>>(f, S::from(x.v)).v);
    } else {
      using S = Simd<double, 1>;
      return V::from(static_cast<float>(outlined<S>(f, S(x.v)).v));
    }
  }
};

#if !defined(__CUDACC__)  // which has no vectors
template <int N, int D>
struct Widened<Simd<float, N, D>> {
  using V = Simd<float, N, D>;
  template <class F>
  static SMOOTHACT_FN V call(const F& f, V x) {
    using S = Simd<double, N / 2, float_digits>;
    typedef float Half __attribute__((vector_size(N / 2 * sizeof(float))));
    Half halves[2];
    std::memcpy(halves, &x.v, sizeof(halves));
    for (Half& half : halves) {
      const S y = outlined<S>(f, S::from(__builtin_convertvector(half, typename S::Register)));
      half = __builtin_convertvector(y.v, Half);
    }
    std::memcpy(&x.v, halves, sizeof(halves));
    return x;
  }
};
#endif

template <int D>
struct Widened<LowPrecision<D>> {
  template <class F>
  static SMOOTHACT_FN LowPrecision<D> call(const F& f, LowPrecision<D> x) {
    return Widened<Simd<float, 1>>::call(f, Simd<float, 1>(x.v)).v;
  }
};

}  // namespace math
}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
