// SPDX-License-Identifier: Apache-2.0
// The CUDA kernels' arithmetic on the host: their approximate instructions are replaced by the worst that the PTX ISA
// allows (reciprocal to 1 ulp, rsqrt to 2^-22.9, ex2 to 2 ulp, both signs and mixed), and every activation must keep
// the accuracy contract. The reference is the double-precision instantiation, which other tests compare with
// multiprecision.
#define SMOOTHACT_CUDA_MODEL
#define SMOOTHACT_ISA cuda_model
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "activations.h"
#include "cuda/elementwise.h"
#include "kernels/order.h"
#include "math/simd.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

// The direction in which every approximation errs; 2 is either, by the value's bits.
int direction = 0;

float off(float correct, int ulps) {
  if (correct == 0 || !std::isfinite(correct)) return correct;
  const auto bits = std::bit_cast<int32_t>(correct);
  const int sign = direction == 2 ? static_cast<int>((bits * 0x9e3779b1u) >> 30) % 3 - 1 : direction;
  return std::bit_cast<float>(bits + sign * ulps);
}
float flushed(float a) { return std::abs(a) < 0x1p-126f ? std::copysign(0.0f, a) : a; }

namespace math::native::cuda {
float reciprocal(float a) { return flushed(off(static_cast<float>(1.0 / flushed(a)), 1)); }
float rsqrt(float a) {  // 2^-22.9 is up to 1.1 ulp
  return flushed(off(static_cast<float>(1 / std::sqrt(static_cast<double>(flushed(a)))), 2));
}
float exp2(float a) {
  return flushed(a) == 0 ? 1 : flushed(off(flushed(static_cast<float>(std::exp2(static_cast<double>(a)))), 2));
}
float max(float a, float b) {
  if (a != a || b != b) return NAN;
  return a > b || (a == b && !std::signbit(a)) ? a : b;
}
float min(float a, float b) {
  if (a != a || b != b) return NAN;
  return a < b || (a == b && std::signbit(a)) ? a : b;
}
}  // namespace math::native::cuda

namespace {

template <int Digits, int Smallest>
double last_place(double value) {
  return std::scalbn(1.0, std::max(value == 0 ? Smallest : std::ilogb(value), Smallest) + 1 - Digits);
}

template <int K, class A, class T, class V = math::Simd<T, 1>>
T derivative(const A& a, T x) {
  if constexpr (K == 0)
    return a.f(V(x)).v;
  else if constexpr (K == 1)
    return a.df(V(x)).v;
  else
    return a.d2f(V(x)).v;
}

// What the result may be off: ulps of the result, or near a zero two of those of the terms that cancel there, which are
// about x times the slope.
template <int K, class A>
double allowed(const A& a, double x, double ulps, double unit, double error) {
  if (error <= ulps * unit) return ulps * unit;
  const double h = 1e-5 * x, slope = (derivative<K>(a, x + h) - derivative<K>(a, x - h)) / (2 * h);
  return std::max(ulps * unit, (ulps < 1 ? unit / 2 : 0) + 0x1p-22 * std::abs(x * slope));
}

const std::vector<float>& sample() {
  static const std::vector<float> points = [] {
    std::vector<float> all;
    for (uint64_t bits = 0; bits < (uint64_t{1} << 32); bits += 80021)
      all.push_back(std::bit_cast<float>(static_cast<uint32_t>(bits)));
    for (int i = -25000; i <= 25000; ++i) all.push_back(static_cast<float>(i * 4.4e-3));
    std::erase_if(all, [](float x) { return x != x; });
    return all;
  }();
  return points;
}

// What misses the contract, with its figure: a sum that rounds once more, and four whose last step lifts a result out
// of the subnormals, where CUDA's approximations have lost a digit.
struct Miss {
  std::string_view name;
  int derivative;
  double ulps;
};
constexpr Miss misses[] = {{"sigmoid_sq_integral", 0, 2.8},
                           {"gate_algebraic", 0, 3.6},
                           {"golu", 0, 3},
                           {"gompertz_step", 2, 4.6},
                           {"erf_sign", 2, 4.2}};

template <int K, class A>
void expect_single(const A& a, const std::string& name) {
  double ulps = K == 0 ? 2.5 : 4;
  for (const Miss& m : misses) {
    if (m.name == A::descriptor.name && m.derivative == K) ulps = m.ulps;
  }
  for (float x : sample()) {
    const double expected = derivative<K>(a, static_cast<double>(x));
    const float value = derivative<K>(a, x);
    if (value == static_cast<float>(expected)) continue;
    const double error = std::abs(value - expected), unit = last_place<24, -126>(expected);
    ASSERT_LE(error, allowed<K>(a, x, ulps, unit, error))
        << name << ", derivative " << K << " at " << x << ": " << value << ", not " << expected;
  }
}

// In 16 bits: next to a tie for one x in a thousand, which single precision rounds to the wrong side.
constexpr std::pair<std::string_view, int> half_misses[] = {{"eswish", 0}, {"xielu", 0}};

template <int K, DType D, class A>
void expect_half(const A& a, const std::string& name) {
  using E = cuda::Element<D>;
  constexpr bool f16 = D == DType::f16;
  // As in tests/python/test_half.py, where it says why, for approximations that are exact where they can be. Else x/2
  // of a subnormal x is a tie too, which H = 1/2 - 2^-24 breaks the wrong way.
  const double right_share[] = {direction == 0 ? 0.9995 : 0.9985, 0.9995, direction == 0 ? 0.99 : 0.985};
  const bool miss = std::find(std::begin(half_misses), std::end(half_misses), std::pair(A::descriptor.name, K)) !=
                    std::end(half_misses);
  int right = 0, total = 0;
  for (uint32_t bits = 0; bits < 65536; ++bits) {
    const float x = E::widen(static_cast<uint16_t>(bits));
    if (!std::isfinite(x)) continue;
    ++total;
    const double expected = derivative<K>(a, static_cast<double>(x));
    const float value = E::widen(E::narrow(derivative<K, A, float, cuda::NumberFor<A, Operation{K}, D>>(a, x)));
    if (value == E::widen(E::narrow(static_cast<float>(expected)))) {
      ++right;
      continue;
    }
    const double error = std::abs(value - expected), unit = last_place < f16 ? 11 : 8, f16 ? -14 : -126 > (expected);
    ASSERT_LE(error, allowed<K>(a, x, 0.51, unit, error))
        << name << ", derivative " << K << " at " << x << ": " << value << ", not " << expected;
  }
  EXPECT_GE(right, (miss ? 0.999 : right_share[K]) * total) << name << ", derivative " << K;
}

template <class A>
std::vector<std::pair<std::string, A>> variations() {
  static const std::vector<double> trials[] = {
      {1.702, 0.3, -0.75, 0}, {0, 0.1, 9, 1e-20, 6e-14, 1e15}, {0.3, 2.5}, {1, 1.5, 2, 16}};  // by Domain
  constexpr auto& descriptor = A::descriptor;
  const std::string name(descriptor.name);
  double values[4]{};
  for (int i = 0; i < descriptor.parameters.size; ++i) values[i] = descriptor.parameters.items[i].value;
  std::vector<std::pair<std::string, A>> all{{name, from_parameters<A>(values)}};
  for (int i = 0; i < descriptor.parameters.size; ++i) {
    const Parameter& p = descriptor.parameters.items[i];
    if (p.optional) continue;
    for (double v : trials[static_cast<int>(p.domain)]) {
      values[i] = v;
      all.emplace_back(name + ", " + std::string(p.name) + " = " + std::to_string(v), from_parameters<A>(values));
    }
    values[i] = p.value;
  }
  return all;
}

class CudaModel : public testing::TestWithParam<int> {
 protected:
  void SetUp() override { direction = GetParam(); }
};
INSTANTIATE_TEST_SUITE_P(Errors, CudaModel, testing::Values(-1, 0, 1, 2));

TEST_P(CudaModel, Single) {
  Activations::for_each([]<class A, int>() {
    for (const auto& [name, a] : variations<A>()) {
      expect_single<0>(a, name);
      expect_single<1>(a, name);
      expect_single<2>(a, name);
    }
  });
}
TEST_P(CudaModel, Half) {
  Activations::for_each([]<class A, int>() {
    const auto all = variations<A>();
    const auto& [name, a] = all.front();
    const auto each = [&]<DType D>() {
      expect_half<0, D>(a, name);
      expect_half<1, D>(a, name);
      expect_half<2, D>(a, name);
    };
    each.template operator()<DType::bf16>();
    each.template operator()<DType::f16>();
  });
}

// NaN passes; at the infinities, what double precision has there.
template <int K, DType D, class A>
void expect_special(const A& a, const std::string& name) {
  using E = cuda::Element<D>;
  using V = cuda::NumberFor<A, Operation{K}, D>;
  const auto stored = [](float v) {
    if constexpr (D == DType::f32)
      return v;
    else
      return E::widen(E::narrow(v));
  };
  const float nan = stored(derivative<K, A, float, V>(a, NAN));
  EXPECT_TRUE(nan != nan) << name << ", derivative " << K;
  for (float x : {HUGE_VALF, -HUGE_VALF}) {
    const float value = stored(derivative<K, A, float, V>(a, x));
    const float expected = stored(static_cast<float>(derivative<K>(a, static_cast<double>(x))));
    if (value == expected) continue;
    EXPECT_LE(std::abs(value - expected), 0x1p-23f) << name << ", derivative " << K << " at " << x << ": " << value;
  }
}
TEST_P(CudaModel, Special) {
  Activations::for_each([]<class A, int>() {
    for (const auto& [name, a] : variations<A>()) {
      const auto each = [&]<DType D>() {
        expect_special<0, D>(a, name);
        expect_special<1, D>(a, name);
        expect_special<2, D>(a, name);
      };
      each.template operator()<DType::f32>();
      each.template operator()<DType::bf16>();
      each.template operator()<DType::f16>();
    }
  });
}

double error(float value, double exact) { return std::abs(value - exact) / last_place<24, -126>(exact); }

TEST_P(CudaModel, Primitives) {
  using V = math::Simd<float, 1>;
  for (float b : sample()) {
    if (!(0x1p-126f <= b && b <= 0x1p126f)) continue;
    ASSERT_LE(error(sqrt(V(b)).v, std::sqrt(static_cast<double>(b))), b < 0x1p-100f ? 2 : 0.51) << b;
    for (float a : {1.0f, 0x1.fffffep0f, 0x1.555556p0f, 0x1.2p-3f, 0x1.6p-99f, 0x1.234566p-110f}) {
      const double exact = static_cast<double>(a) / b;
      if (0x1p-126 <= exact && exact <= 0x1p127) {
        ASSERT_LE(error((V(a) / V(b)).v, exact), a < 0x1p-100f ? 2 : 0.501) << a << " / " << b;
      }
    }
  }
  for (float zero : {0.0f, -0.0f}) EXPECT_EQ(std::signbit((V(zero) / V(3)).v), std::signbit(zero));
  EXPECT_EQ(sqrt(V(0)).v, 0);
  for (float m : {1.0f, 1.4142135f, -0.70710678f, 0x1p30f})
    for (int n = -252; n <= 252; ++n) {
      EXPECT_EQ(ldexp(V(m), V(n)).v, std::ldexp(m, n)) << m << " " << n;
      if (-222 <= n && n <= 0) {
        EXPECT_EQ(ldexp_down(V(m), V(n)).v, std::ldexp(m, n)) << m << " " << n;
      }
    }
}

}  // namespace
}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
