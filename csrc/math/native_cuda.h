// SPDX-License-Identifier: Apache-2.0
// The single-precision scalar on CUDA: what takes fewer instructions there than the plain form of native.h. An IEEE
// division or square root is a subroutine, a comparison and a select are one instruction as a minimum.
#pragma once

#include <type_traits>

#include "number.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {
namespace math::native {

// Whether native.h's functions are these.
template <class T, int N>
inline constexpr bool cuda_scalar = on_cuda&& std::is_same_v<T, float>&& N == 1;

namespace cuda {

// Single instructions. Off the device they are declared only: the tests define them with the errors that the PTX ISA
// allows, and run the formulas on them.
#if defined(__CUDA_ARCH__)
SMOOTHACT_FN float reciprocal(float a) {  // to 1 ulp; 0 beyond 2^126
  float r;
  asm("rcp.approx.ftz.f32 %0, %1;" : "=f"(r) : "f"(a));
  return r;
}
SMOOTHACT_FN float rsqrt(float a) {  // to a relative 2^-22.9
  float r;
  asm("rsqrt.approx.ftz.f32 %0, %1;" : "=f"(r) : "f"(a));
  return r;
}
SMOOTHACT_FN float exp2(float a) {  // to 2 ulp; 0 below 2^-126, and exact for a zero or subnormal
  float r;
  asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(r) : "f"(a));
  return r;
}
// Of two zeros the positive one is the greater: where the sign of a zero counts, select it.
SMOOTHACT_FN float max(float a, float b) {
  float r;
  asm("max.NaN.f32 %0, %1, %2;" : "=f"(r) : "f"(a), "f"(b));
  return r;
}
SMOOTHACT_FN float min(float a, float b) {
  float r;
  asm("min.NaN.f32 %0, %1, %2;" : "=f"(r) : "f"(a), "f"(b));
  return r;
}
#else
float reciprocal(float);
float rsqrt(float);
float exp2(float);
float max(float, float);
float min(float, float);
#endif

// The residual is exact, so what remains beside the last rounding is the square of the reciprocal's error: 0.501 ulp.
// Below |a| = 2^-100, where the residual meets the subnormals, 2 ulp. With q b - a for the residual, and for b > 0, a
// zero keeps its sign.
SMOOTHACT_FN float divide(float a, float b) {
  const float r = reciprocal(b), q = a * r;
  return __builtin_fmaf(__builtin_fmaf(q, b, -a), -r, q);
}

// One Newton step from the reciprocal root: 0.51 ulp for 0 and above 2^-100, 2 ulp for other normal numbers.
SMOOTHACT_FN float sqrt(float a) {
  const float r = rsqrt(max(0x1p-126f, a)), s = a * r;
  return __builtin_fmaf(__builtin_fmaf(-s, s, a), 0.5f * r, s);
}

// ldexp in fewer instructions, for -222 <= n <= 0 and |m| < 2^31, as the decay of a bounded x is.
SMOOTHACT_FN float ldexp_down(float m, float n) {
  const unsigned raised = __builtin_bit_cast(unsigned, n + (0x1.8p23f + 127 + 96));
  return m * __builtin_bit_cast(float, raised << 23) * 0x1p-96f;
}

}  // namespace cuda
}  // namespace math::native
}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
