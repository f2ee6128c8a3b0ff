// SPDX-License-Identifier: Apache-2.0
// LowPrecision: the number of CUDA's 16-bit kernels. Of a result that is about to be rounded to 8 or 11 digits, float's
// own arithmetic keeps enough: sums carry no error terms, and an exponential is one instruction, subnormal results
// included, so that it needs no exponent kept apart.
#pragma once

#include "exp.h"
#include "log.h"
#include "mills.h"
#include "native.h"
#include "polynomial.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {
namespace math {

template <int Digits>
struct LowPrecision {
  using scalar = float;
  static constexpr int digits = Digits;

  float v;

  LowPrecision() = default;
  template <class C>
  requires std::is_arithmetic_v<C> SMOOTHACT_FN LowPrecision(C c) : v(static_cast<float>(c)) {}
  SMOOTHACT_FN LowPrecision(const Constant& c) : v(c.leading<float>()) {}

  struct Mask {
    bool m;
    friend SMOOTHACT_FN Mask operator&(Mask a, Mask b) { return {a.m && b.m}; }
    friend SMOOTHACT_FN Mask operator|(Mask a, Mask b) { return {a.m || b.m}; }
  };
  using V = LowPrecision;

  friend SMOOTHACT_FN V operator+(V a, V b) { return a.v + b.v; }
  friend SMOOTHACT_FN V operator-(V a, V b) { return a.v - b.v; }
  friend SMOOTHACT_FN V operator*(V a, V b) { return a.v * b.v; }
  // 1/b a normal number; a zero keeps its sign. For the fewest digits, to 2 ulp.
  friend SMOOTHACT_FN V operator/(V a, V b) {
    return coarse<V> ? a.v * native::cuda::reciprocal(b.v) : native::cuda::divide(a.v, b.v);
  }
  friend SMOOTHACT_FN V operator-(V a) { return -a.v; }

  friend SMOOTHACT_FN Mask operator<(V a, V b) { return {a.v < b.v}; }
  friend SMOOTHACT_FN Mask operator<=(V a, V b) { return {a.v <= b.v}; }
  friend SMOOTHACT_FN Mask operator>(V a, V b) { return b < a; }
  friend SMOOTHACT_FN Mask operator>=(V a, V b) { return b <= a; }
  friend SMOOTHACT_FN Mask is_nan(V a) { return {a.v != a.v}; }

  friend SMOOTHACT_FN V select(Mask m, V a, V b) { return m.m ? a.v : b.v; }
  friend SMOOTHACT_FN V fma(V a, V b, V c) { return __builtin_fmaf(a.v, b.v, c.v); }
  friend SMOOTHACT_FN V abs(V a) { return __builtin_fabsf(a.v); }
  friend SMOOTHACT_FN V minus_abs(V a) { return -__builtin_fabsf(a.v); }
  friend SMOOTHACT_FN V copysign(V a, V sign) { return __builtin_copysignf(a.v, sign.v); }
  friend SMOOTHACT_FN V multiply_sign(V a, V sign) { return native::multiply_sign<float, 1>(a.v, sign.v); }
  // To 2 ulp, for 0 and normal numbers.
  friend SMOOTHACT_FN V sqrt(V a) { return a.v * native::cuda::rsqrt(native::cuda::max(0x1p-126f, a.v)); }
  friend SMOOTHACT_FN V rsqrt(V a) { return native::cuda::rsqrt(a.v); }
  friend SMOOTHACT_FN V split_octave(V a, V& n) { return native::split_octave<float, 1>(a.v, n.v); }
  friend SMOOTHACT_FN V power_of_two(V n) { return native::power_of_two<float, 1>(n.v); }
  friend SMOOTHACT_FN V max(V bound, V x) { return native::cuda::max(bound.v, x.v); }
  friend SMOOTHACT_FN V min(V bound, V x) { return native::cuda::min(bound.v, x.v); }
  friend SMOOTHACT_FN V reciprocal(V a) { return native::cuda::reciprocal(a.v); }
  // There are no exponents apart.
  friend SMOOTHACT_FN V ldexp(V m, V) { return m; }
  friend SMOOTHACT_FN V exp2(V a) { return native::cuda::exp2(a.v); }
};

namespace detail {

// e^(kz). The square of a half reaches the subnormal numbers, which count in bfloat16 but are 0 in half precision.
template <int D>
SMOOTHACT_FN LowPrecision<D> natural_exp(LowPrecision<D> z, double k = 1) {
  if constexpr (coarse<LowPrecision<D>>) {
    const LowPrecision<D> half = exp2(z * (k * octave / 2));
    return half * half;
  } else {
    return exp2(z * (k * octave));
  }
}

// (2^f - 1)/f, |f| <= 1/2; relative errors 2^-15.9 and 2^-20.9
template <int D>
SMOOTHACT_FN LowPrecision<D> exp2m1_over(LowPrecision<D> f) {
  if constexpr (coarse<LowPrecision<D>>)
    return polynomial(f, 0x1.62e2bap-1, 0x1.ebff4ap-3, 0x1.c9873cp-5, 0x1.3b2a56p-7);
  else
    return polynomial(f, 0x1.62e42ep-1, 0x1.ebfa3p-3, 0x1.c6b32p-5, 0x1.3ccdd2p-7, 0x1.5d50ecp-10);
}

template <int D>
struct Reduced<LowPrecision<D>> {
  using V = LowPrecision<D>;
  V n = 0, e;

  SMOOTHACT_FN explicit Reduced(V z) : e(natural_exp(z)) {}
  SMOOTHACT_FN explicit Reduced(Sum<V> z) : Reduced(z.hi) {}
  SMOOTHACT_FN V exp() const { return e; }
  SMOOTHACT_FN V exp(V scale) const { return e * scale; }
  SMOOTHACT_FN V exp(Sum<V> scale) const { return e * scale.hi; }
};

}  // namespace detail

template <int D>
struct Exponential<LowPrecision<D>> {
  using V = LowPrecision<D>;
  V z, e;

  SMOOTHACT_FN explicit Exponential(V z) : z(z), e(detail::natural_exp(z)) {}
  SMOOTHACT_FN explicit Exponential(Sum<V> z) : Exponential(z.hi) {}

  SMOOTHACT_FN Scaled<V> scaled() const { return {e, 0}; }
  SMOOTHACT_FN Scaled<V> times(V x) const { return {x * e, 0}; }
  SMOOTHACT_FN Scaled<V> times(Sum<V> x) const { return times(x.hi); }
  SMOOTHACT_FN V beside_one() const { return e; }
  SMOOTHACT_FN V plus_one() const { return e + 1; }
  SMOOTHACT_FN V minus_one() const {
    const V f = z * octave;
    return select(V(-0.5) < f, f * detail::exp2m1_over(f), e - 1);
  }
  SMOOTHACT_FN Scaled<V> logistic() const { return {e / (e + 1), 0}; }
};

template <int D>
SMOOTHACT_FN ExpExpm1<LowPrecision<D>> exp_expm1(Sum<LowPrecision<D>> z) {
  const Exponential<LowPrecision<D>> e(z);
  return {{e.e, 0}, 0, {e.minus_one(), 0}};
}
template <int D>
SMOOTHACT_FN ExpExpm1<LowPrecision<D>> exp_expm1(LowPrecision<D> z) {
  using V = LowPrecision<D>;
  return exp_expm1(Sum<V>{max(V(-Format<float>::tail), z), 0});
}

// log(1 + e) = e + e^2 p(e), to relative 2^-16.7 and 2^-22.1
template <int D>
SMOOTHACT_FN Scaled<LowPrecision<D>> log1p_scaled(Scaled<LowPrecision<D>> scaled) {
  const LowPrecision<D> e = scaled.m;
  LowPrecision<D> p;
  if constexpr (coarse<LowPrecision<D>>)
    p = polynomial(e, -0x1.ff8748p-2, 0x1.4e0e32p-2, -0x1.b300a8p-3, 0x1.a84fa2p-4, -0x1.953deap-6);
  else
    p = polynomial(e, -0x1.fffb3ap-2, 0x1.54d42p-2, -0x1.f68348p-3, 0x1.6d8142p-3, -0x1.be8a88p-4, 0x1.7081bap-5,
                   -0x1.1fa44cp-7);
  return {fma(e, e * p, e), 0};
}

// tQ(t), Q = exp(-t^2/2) (1/2 - t p/q), exact at 0 where ties depend on it; to relative 2^-16.6 and 2^-21. From the
// bound of t on, the result rounds to 0.
template <int D>
SMOOTHACT_FN Scaled<LowPrecision<D>> weighted_tail(LowPrecision<D> t) {
  using V = LowPrecision<D>;
  const V u = min(V(coarse<V> ? detail::coarse_reach : 5.75), t);
  V ratio;
  if constexpr (coarse<V>) {
    ratio = detail::coarse_tail_ratio(u);
  } else {
    const V p = polynomial(u, 0x1.9885e4p-2, 0x1.ca074p-3, 0x1.6e93b6p-5, -0x1.c4ce4cp-18);
    const V q = polynomial(u, 1.0, 0x1.2ff994p0, 0x1.0b7b0ep-1, 0x1.6d26c8p-4);
    ratio = fma(-u, p * reciprocal(q), V(0.5));
  }
  return {detail::natural_exp(u * u, -0.5) * u * ratio, 0};
}

}  // namespace math
}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
