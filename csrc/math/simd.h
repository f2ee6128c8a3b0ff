// SPDX-License-Identifier: Apache-2.0
// Simd<T, N>: N lanes of T in one register; N = 1 is the scalar, on the host and on the device.
// Lanes never mix, so a value's result does not depend on its neighbours. `Digits` is how many of a result count.
#pragma once

#include "native.h"
#include "number.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {
namespace math {

template <class T, int N, int Digits = Format<T>::digits>
struct Simd {
  using scalar = T;
  using Register = typename native::Registers<T, N>::Float;
  static constexpr int lanes = N, digits = Digits;

  Register v;

  Simd() = default;
  template <class C>
  requires std::is_arithmetic_v<C> SMOOTHACT_FN Simd(C c) : v(native::broadcast<T, N>(static_cast<T>(c))) {}
  SMOOTHACT_FN Simd(const Constant& c) : Simd(c.leading<T>()) {}

  static SMOOTHACT_FN Simd from(Register r) {
    Simd s;
    s.v = r;
    return s;
  }

  struct Mask {
    typename native::Registers<T, N>::Mask m;
    friend SMOOTHACT_FN Mask operator&(Mask a, Mask b) { return {static_cast<decltype(m)>(a.m & b.m)}; }
    friend SMOOTHACT_FN Mask operator|(Mask a, Mask b) { return {static_cast<decltype(m)>(a.m | b.m)}; }
  };

  friend SMOOTHACT_FN Simd operator+(Simd a, Simd b) { return from(a.v + b.v); }
  friend SMOOTHACT_FN Simd operator-(Simd a, Simd b) { return from(a.v - b.v); }
  friend SMOOTHACT_FN Simd operator*(Simd a, Simd b) { return from(a.v * b.v); }
  friend SMOOTHACT_FN Simd operator/(Simd a, Simd b) { return from(native::divide<T, N>(a.v, b.v)); }
  // To 1 ulp, for who corrects it anyway.
  friend SMOOTHACT_FN Simd reciprocal(Simd a) { return from(native::reciprocal<T, N>(a.v)); }
  friend SMOOTHACT_FN Simd operator-(Simd a) { return from(-a.v); }

  friend SMOOTHACT_FN Mask operator<(Simd a, Simd b) { return {native::less<T, N>(a.v, b.v)}; }
  friend SMOOTHACT_FN Mask operator<=(Simd a, Simd b) { return {native::less_equal<T, N>(a.v, b.v)}; }
  friend SMOOTHACT_FN Mask operator>(Simd a, Simd b) { return b < a; }
  friend SMOOTHACT_FN Mask operator>=(Simd a, Simd b) { return b <= a; }
  friend SMOOTHACT_FN Mask is_nan(Simd a) { return {native::unordered<T, N>(a.v)}; }

  friend SMOOTHACT_FN Simd select(Mask m, Simd a, Simd b) { return from(native::select<T, N>(m.m, a.v, b.v)); }
  // a*b + c with one rounding.
  friend SMOOTHACT_FN Simd fma(Simd a, Simd b, Simd c) { return from(native::fma<T, N>(a.v, b.v, c.v)); }
  friend SMOOTHACT_FN Simd abs(Simd a) { return from(native::abs<T, N>(a.v)); }
  friend SMOOTHACT_FN Simd minus_abs(Simd a) { return from(native::minus_abs<T, N>(a.v)); }
  friend SMOOTHACT_FN Simd copysign(Simd a, Simd sign) { return from(native::copysign<T, N>(a.v, sign.v)); }
  // a with its sign changed where the other's is negative
  friend SMOOTHACT_FN Simd multiply_sign(Simd a, Simd sign) { return from(native::multiply_sign<T, N>(a.v, sign.v)); }
  friend SMOOTHACT_FN Simd sqrt(Simd a) { return from(native::sqrt<T, N>(a.v)); }
  // To 1.5 ulp, for a normal number.
  friend SMOOTHACT_FN Simd rsqrt(Simd a) { return from(native::rsqrt<T, N>(a.v)); }
  // Where x is NaN or equal to the bound, min and max return x: NaN passes, and max(0, -0.0) keeps its sign.
  friend SMOOTHACT_FN Simd max(Simd bound, Simd x) { return from(native::max<T, N>(bound.v, x.v)); }
  friend SMOOTHACT_FN Simd min(Simd bound, Simd x) { return from(native::min<T, N>(bound.v, x.v)); }
  // To the nearest integer, ties to even, for |a| < 2^(mantissa - 1).
  friend SMOOTHACT_FN Simd round(Simd a) { return from(native::round<T, N>(a.v)); }
  // 2^n for an integral n, a normal number.
  friend SMOOTHACT_FN Simd power_of_two(Simd n) { return from(native::power_of_two<T, N>(n.v)); }
  // a = m 2^n, m from sqrt(1/2) to sqrt(2), of a positive normal number
  friend SMOOTHACT_FN Simd split_octave(Simd a, Simd& n) { return from(native::split_octave<T, N>(a.v, n.v)); }
  // m * 2^n, rounded once, for integral |n| <= 252 (float) or 2044 (double).
  friend SMOOTHACT_FN Simd ldexp(Simd m, Simd n) { return from(native::ldexp<T, N>(m.v, n.v)); }
  friend SMOOTHACT_FN Simd ldexp_down(Simd m, Simd n) requires(native::cuda_scalar<T, N>) {
    return from(native::cuda::ldexp_down(m.v, n.v));
  }
  // 2^n for n <= 127 beside 1: may come out as 2^-64 where it is less.
  friend SMOOTHACT_FN Simd power_beside_one(Simd n) { return from(native::power_beside_one<T, N>(n.v)); }
};

// The bits of a as integers, shifted; and an entry of a table for each lane, by the last four bits.
template <class V>
SMOOTHACT_FN auto shift_right(V a, int count) {
  return native::bits<typename V::scalar, V::lanes>(a.v) >> count;
}
#if !defined(__CUDACC__)
template <class V, int Entries>
SMOOTHACT_FN V lookup(const float (&table)[16], native::Bits<float, V::lanes> i) {
  return V::from(native::lookup<V::lanes, Entries>(table, i));
}
template <class V>
SMOOTHACT_FN bool first_half(native::Bits<float, V::lanes> i) {
  return native::first_half<V::lanes>(i);
}
#endif

}  // namespace math
}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
