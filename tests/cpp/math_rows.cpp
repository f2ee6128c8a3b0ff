// SPDX-License-Identifier: Apache-2.0
// Every function of csrc/math, its domain and its bound, against libm in a wider type. Compiled once per instruction
// set; nothing here may be shared between them or run at start.
#include "math_rows.h"

#include <cstring>

#include "math/atan.h"
#include "math/erf.h"
#include "math/exp_extended.h"
#include "math/expint.h"
#include "math/hyperbolic.h"
#include "math/log.h"
#include "math/mills.h"
#include "math/simd.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {
namespace math {
namespace {

using math_rows::Row;
using math_rows::Wide;

template <class R>
constexpr R pi = 3.14159265358979323846264338327950288L;

// exp(-t^2/2) with t^2 in two terms.
template <class R>
R gaussian(R t) {
  const R square = t * t;
  return std::exp(-square / 2) * (1 - std::fma(t, t, -square) / 2);
}
// M = 1/(t + D), D = 1/(t + 2/(t + 3/(t + ...))).
template <class R>
R reference_fraction(R t) {
  if (t < 3) return 1 / (std::sqrt(pi<R> / 2) * std::exp(t * t / 2) * std::erfc(t / std::sqrt(R(2)))) - t;
  R fraction = t;
  for (int k = 120; k > 1; --k) fraction = t + k / fraction;
  return 1 / fraction;
}
template <class R>
R reference_mills(R t) {
  return 1 / (t + reference_fraction(t));
}
template <class R>
R reference_pdf(R t) {
  return gaussian(t) / std::sqrt(2 * pi<R>);
}

// e^z - 1 - z
template <class R>
R reference_expm1_minus(R z) {
  if (!(std::abs(z) < R(0.5))) return std::isinf(z) ? std::abs(z) : std::expm1(z) - z;
  R sum = 0;
  for (int k = 22; k > 1; --k) sum = (sum * z + 1) / k;
  return sum * z * z;
}

// Ein(y)/y for y <= 1
template <class R>
R reference_ein_ratio(R y) {
  R sum = 0, term = 1;  // (-y)^(k - 1)/k!
  for (int k = 1; k < 26; ++k) sum += (term /= k) / k, term *= -y;
  return sum;
}
// e^y E1(y) = 1/(y + 1/(1 + 1/(y + 2/(1 + 2/(y + ...))))) for y >= 1
template <class R>
R reference_scaled_e1(R y) {
  R fraction = y;
  for (int k = 200; k > 0; --k) fraction = y + k / (1 + k / fraction);
  return 1 / fraction;
}

// Units in the last place, of the 24 digits of float, the 53 of double, and the 17 that bfloat16 takes of float;
// 0: not for that type.
struct Bound {
  double single, wide, coarse;
};

template <class T, int Digits>
using Register = Simd<T, native::register_bytes / sizeof(T), Digits>;

template <class T, int Digits, class F>
void over_registers(const T* x, T* y, size_t count) {
  using V = Register<T, Digits>;
  for (size_t i = 0; i < count; i += V::lanes) {
    V r;
    std::memcpy(&r, x + i, sizeof r);
    r = F{}(r);
    std::memcpy(y + i, &r, sizeof r);
  }
}

template <class T, int Digits>
struct Table {
  static constexpr bool single = sizeof(T) == 4;
  static constexpr T every = std::numeric_limits<T>::infinity();
  static constexpr T tail = Format<T>::tail;
  static constexpr T weighted = !single ? T(39) : Digits == 24 ? T(14.6) : T(13.6);  // bfloat16's is 0 beyond
  static constexpr T nearly_minus_one = single ? T(-1 + 0x1p-24) : T(-1 + 0x1p-53);
  static constexpr T fitted = single ? T(14.6) : T(39), far = single ? T(14.8) : T(39);
  static constexpr T root_floor = single ? T(0x1p-18) : T(0x1p-7);

  template <class F, class R>
  static constexpr Row<T> row(const char* name, F, R, T low, T high, Bound bound, T floor = 0) {
    const double max_ulp = !single ? bound.wide : Digits == 24 ? bound.single : bound.coarse;
    return {name,
            over_registers<T, Digits, F>,
            [](T x) { return F{}(Simd<T, 1, Digits>(x)).v; },
            [](T x) { return static_cast<Wide<T>>(R{}(static_cast<Wide<T>>(x))); },
            low,
            high,
            max_ulp,
            floor,
            Digits};
  }

  static constexpr auto e_to = [](auto z) { return std::exp(z); };
  static constexpr auto sigma = [](auto z) { return 1 / (1 + std::exp(-z)); };

  static constexpr Row<T> rows[] = {
      row("exp", [](auto z) { return exp(z); }, e_to, -every, every, {0.95, 1.01, 0.6}),
      row(
          "exp of a product", [](auto x) { return exp_scaled(product(Constant(1.5), x)).value(); },
          [](auto x) { return std::exp(x * 3 / 2); }, -tail / T(1.5), tail / T(1.5), {1, 1.01, 1}),
      row("exp_expm1, e", [](auto z) { return exp_expm1(z).e().value(); }, e_to, -every, 0, {1.1, 1.01, 0.6}),
      row(
          "exp_expm1, em1", [](auto z) { return leading(exp_expm1(z).em1); }, [](auto z) { return std::expm1(z); },
          -every, 0, {1, 1.2, 2.2}),
      row(
          "expm1", [](auto z) { return expm1(z); }, [](auto z) { return std::expm1(z); }, -every, every,
          {1.5, 1.8, 3.4}),
      row("Exponential, scaled", [](auto z) { return Exponential<decltype(z)>(z).scaled().value(); }, e_to, -tail, tail,
          {1.1, 1.1, 0.6}),
      row(
          "Exponential, times", [](auto z) { return Exponential<decltype(z)>(z).times(z).value(); },
          [](auto z) { return z * std::exp(z); }, -tail, tail, {1.2, 1.2, 0.8}),
      row("Exponential, beside_one", [](auto z) { return Exponential<decltype(z)>(z).beside_one(); }, e_to, -44, 0,
          {1.1, 1.1, 0.6}),
      row(
          "Exponential, plus_one", [](auto z) { return Exponential<decltype(z)>(z).plus_one(); },
          [](auto z) { return std::exp(z) + 1; }, -tail, 0, {0.8, 0.8, 0.3}),
      row(
          "Exponential, minus_one", [](auto z) { return Exponential<decltype(z)>(z).minus_one(); },
          [](auto z) { return std::expm1(z); }, -tail, 0, {1, 1.2, 2.2}),
      row("logistic", [](auto z) { return logistic<decltype(z)>(z).value(); }, sigma, -tail, 40, {2.5, 2.5, 0.6}),
      row(
          "logistic of a product", [](auto x) { return logistic<decltype(x)>(product(Constant(1.5), x)).value(); },
          [](auto x) { return sigma(x * 3 / 2); }, -tail / T(1.5), 26, {2.5, 2.5, 1}),
      row(
          "log1p_unit", [](auto e) { return log1p_unit(e); }, [](auto e) { return std::log1p(e); }, 0, 1,
          {1.2, 1.3, 0.2}),
      row(
          "log1p_scaled",
          [](auto e) {
            return log1p_scaled(Scaled<decltype(e)>{e, 0}).value();
          },
          [](auto e) { return std::log1p(e); }, 0, 1, {1.2, 1.3, 0.2}),
      row(
          "normal_pdf", [](auto t) { return normal_pdf(t).value(); }, [](auto t) { return reference_pdf(t); }, -far,
          far, {1.1, 1.1, 1.3}),
      row(
          "normal_tail", [](auto t) { return normal_tail(t).value(); },
          [](auto t) { return reference_pdf(t) * reference_mills(t); }, 0, far, {2.5, 2.5, 1.1}),
      row(
          "normal_excess", [](auto t) { return normal_excess(t).value(); },
          [](auto t) { return reference_pdf(t) * (reference_fraction(t) * reference_mills(t)); }, 0, far,
          {2.5, 2.5, 1.2}),
      row(
          "normal_sign",
          [](auto t) {
            return normal_sign(Sum<decltype(t)>{t, 0});
          },
          [](auto t) { return std::erf(t / std::sqrt(decltype(t)(2))); }, 0, every, {2, 2, 0.6}),
      row(
          "atan", [](auto x) { return atan(x); }, [](auto x) { return std::atan(x); }, -every, every, {1.2, 1.2, 0.4}),
      row(
          "log_multiple", [](auto x) { return log_multiple(Constant(1.5), x); },
          [](auto x) { return std::log(x * 3 / 2); }, 1, every, {2.2, 2.2, 0.2}),
      row(
          "weighted_tail", [](auto t) { return weighted_tail(t).value(); },
          [](auto t) { return t * reference_pdf(t) * reference_mills(t); }, 0, weighted, {2.4, 2.6, 2.3}),
      row(
          "weighted_tail_slope", [](auto t) { return weighted_tail_slope(t).value(); },
          [](auto t) { return reference_pdf(t) * (reference_mills(t) - t); }, 0, far, {4, 4, 0.8}, root_floor),
      row(
          "mills", [](auto t) { return mills(t); }, [](auto t) { return reference_mills(t); }, 0, fitted,
          {1.2, 1.2, 0.2}),
      row(
          "one_minus_t_mills", [](auto t) { return one_minus_t_mills(t); },
          [](auto t) { return reference_fraction(t) * reference_mills(t); }, 0, fitted, {2, 2, 0.3}),
      row(
          "reciprocal", [](auto x) { return reciprocal(x); }, [](auto x) { return 1 / x; },
          std::numeric_limits<T>::min(), 1 / std::numeric_limits<T>::min(), {0.51, 0.51, 0.01}),
      row(
          "rsqrt", [](auto x) { return rsqrt(x); }, [](auto x) { return 1 / std::sqrt(x); },
          std::numeric_limits<T>::min(), std::numeric_limits<T>::max(), {1.5, 1.5, 0.1}),
      row(
          "log", [](auto x) { return log(x); }, [](auto x) { return std::log(x); }, 0, every, {1, 1, 0.2}),
      row(
          "log1p", [](auto x) { return log1p(x); }, [](auto x) { return std::log1p(x); }, nearly_minus_one, every,
          {1.6, 1.6, 0.2}),
      row(
          "tanh", [](auto z) { return tanh(z); }, [](auto z) { return std::tanh(z); }, -every, every, {3, 3, 3}),
      row(
          "tanh of a product", [](auto x) { return tanh(product(Constant(0.75), x)); },
          [](auto x) { return std::tanh(x * 3 / 4); }, -tail / 2, tail / 2, {3, 3, 3}),
      row(
          "sech_squared", [](auto z) { return sech_squared(z).value(); },
          [](auto z) {
            const auto q = std::exp(-std::abs(z)), d = 1 + q * q;
            return (2 * q / d) * (2 * q / d);
          },
          -every, every, {3.1, 3.1, 0.6}),
      row(
          "log_2cosh", [](auto z) { return log_2cosh(z); },
          [](auto z) { return std::abs(z) + std::log1p(std::exp(-2 * std::abs(z))); }, -every, every, {1.9, 1.9, 0.4}),
      row(
          "coin_entropy", [](auto a) { return coin_entropy(a).value(); },
          [](auto a) {
            const auto e = std::exp(a);
            return std::log1p(e) - (e == 0 ? e : a * e / (1 + e));
          },
          -every, 0, {3.4, 3.4, 0.8}),
      row(
          "erf", [](auto x) { return erf(x); }, [](auto x) { return std::erf(x); }, -every, every, {1.6, 1.6, 0.6}),
      row(
          "erfc", [](auto x) { return erfc(x); }, [](auto x) { return std::erfc(x); }, -every, every, {2.5, 2.5, 1.7}),
      row(
          "ein_ratio", [](auto y) { return ein_ratio(y); }, [](auto y) { return reference_ein_ratio(y); }, 0, 1,
          {1, 1, 0.1}),
      row(
          "scaled_e1", [](auto y) { return scaled_e1(y); }, [](auto y) { return reference_scaled_e1(y); }, 1, tail,
          {2.1, 2.1, 0.1}),
      row(
          "normal_pdf of a product", [](auto x) { return normal_pdf(product(Constant(0.75), x)).value(); },
          [](auto x) { return reference_pdf(x * 3 / 4); }, -far* T(1.3), far* T(1.3), {1.1, 1.1, 2.2}),
      row(
          "expm1_minus", [](auto z) { return expm1_minus(z); }, [](auto z) { return reference_expm1_minus(z); }, -every,
          every, {2.6, 3.1, 0.8}),
      row(
          "exp(-exp(-x))", [](auto x) { return exp_bounded(-exp_extended(-x)).value(); },
          [](auto x) { return std::exp(-std::exp(-x)); }, single ? -5 : T(-6.9), tail, {1, 1.4, 0}),
      row(
          "quotient", [](auto x) { return quotient(one_plus(x), add(decltype(x)(3), x)); },
          [](auto x) { return (1 + x) / (3 + x); }, 0, 1 << 20, {0.51, 0.51, 0.02}),
  };
};

// What counts in octaves: single precision only.
template <int Digits>
struct Octave : Table<float, Digits> {
  using Base = Table<float, Digits>;
  static constexpr Constant k = 1.5 * 1.4426950408889634, half = -0.5 * 1.4426950408889634;
  template <class V>
  static SMOOTHACT_FN auto exponential(V x) {
    return Exponential<V>(in_octaves(x, k));
  }

  static constexpr Row<float> rows[] = {
      Base::row(
          "octaves, times", [](auto x) { return exponential(x).times(x).value(); },
          [](auto x) { return x * std::exp(x * 3 / 2); }, -100, 100, {1.5, 0, 1}),
      Base::row(
          "octaves, scaled", [](auto x) { return exponential(x).scaled().value(); },
          [](auto x) { return std::exp(x * 3 / 2); }, -100, 100, {1.4, 0, 0.9}),
      Base::row(
          "octaves, beside_one", [](auto x) { return exponential(x).beside_one(); },
          [](auto x) { return std::exp(x * 3 / 2); }, -29, 0, {1.3, 0, 0.7}),
      Base::row(
          "octaves, plus_one", [](auto x) { return exponential(x).plus_one(); },
          [](auto x) { return std::exp(x * 3 / 2) + 1; }, -100, 0, {0.9, 0, 0.3}),
      Base::row(
          "octaves, minus_one", [](auto x) { return exponential(x).minus_one(); },
          [](auto x) { return std::expm1(x * 3 / 2); }, -100, 0, {2.8, 0, 6.5}),
      Base::row(
          "octaves, logistic", [](auto x) { return logistic<decltype(x)>(in_octaves(x, k)).value(); },
          [](auto x) { return Base::sigma(x * 3 / 2); }, -100, 26, {2.5, 0, 0.9}),
      Base::row(
          "octaves of two terms, times",
          [](auto t) { return Exponential<decltype(t)>(in_octaves(square(t), half)).times(t).value(); },
          [](auto t) { return t * gaussian(t); }, -14.6f, 14.6f, {1.7, 0, 1.1}),
  };
};

template <class... Tables>
struct Joined {
  template <class T, size_t N>
  struct Array {
    Row<T> rows[N];
  };
  template <class T>
  static constexpr auto make() {
    Array<T, (std::size(Tables::rows) + ...)> all{};
    size_t n = 0;
    ((std::copy(std::begin(Tables::rows), std::end(Tables::rows), all.rows + n), n += std::size(Tables::rows)), ...);
    return all;
  }
};
constexpr auto single = Joined<Table<float, 24>, Octave<24>>::make<float>();
constexpr auto coarse_rows = Joined<Table<float, bfloat16_digits>, Octave<bfloat16_digits>>::make<float>();

}  // namespace

math_rows::Suite suite() {
#define SMOOTHACT_STRING(X) #X
#define SMOOTHACT_NAME(X) SMOOTHACT_STRING(X)
  return {SMOOTHACT_NAME(SMOOTHACT_ISA), single.rows, coarse_rows.rows, Table<double, 53>::rows};
}

}  // namespace math
}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
