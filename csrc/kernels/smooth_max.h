// SPDX-License-Identifier: Apache-2.0
// The smooth maximum of a row: what an element adds to the row's sums, and what the sums give.
//
// With the pivot p, the greatest of the row, d = k(x - p) and S = sum e^d: log S / k above p is logsumexp, and the mean
// of x weighted by w = e^d / S is p + (sum w d) / k, neither a difference of large numbers. A negative sharpness is the
// minimum: the maximum of -x, negated.
#pragma once

#include "../math/exp.h"
#include "../math/log.h"
#include "../math/simd.h"
#include "request.h"

namespace smoothact {

enum class SmoothMaxKind : int { logsumexp, mellowmax, boltzmann };
inline constexpr const char* smooth_max_kinds[] = {"logsumexp", "mellowmax", "boltzmann"};

// Within them a difference that overflows has a weight of 0, and one that does not, no factor that does.
inline constexpr double least_sharpness = 1e-15, most_sharpness = 1e15;

struct SmoothMaxSums {
  double e = 0, de = 0;    // of e^d and d e^d
  double ue = 0, ude = 0;  // the same times what grad_input is multiplied by, in the second derivative
};

inline namespace SMOOTHACT_ISA {

// d and e^d, which is 0 where it is no normal number: beside 1, which S has, it is nothing.
template <class V>
struct SmoothMaxTerm {
  V d, e;

  SMOOTHACT_FN SmoothMaxTerm(V x, V pivot, V k) : d(exponent(x, pivot, k)) {
    const math::detail::Reduced<V> r(d);
    constexpr int bias = math::Format<typename V::scalar>::bias;
    e = r.exp() * power_of_two(max(V(-bias), r.n));  // an exponent of 0 and no mantissa: 0
  }
  static SMOOTHACT_FN V exponent(V x, V pivot, V k) {
    constexpr double least = sizeof(typename V::scalar) == 4 ? -89 : -710;
    // Infinities that are equal have no difference. A NaN passes.
    return max(V(least), select(x >= pivot, V(0), k * (x - pivot)));
  }
};

// What the elements of a row share once it is summed.
struct SmoothMaxRow {
  double pivot, total, shift;  // shift: k(y - p) of the weighted mean
  double mean, slope;          // sum w u, and the sum of u times the row's derivatives

  // Where all elements are -inf, those that a row was filled up with count too.
  SMOOTHACT_FN SmoothMaxRow(SmoothMaxKind kind, double pivot, SmoothMaxSums s, int64_t length)
      : pivot(pivot), total(s.e), shift(0) {
    if (pivot == -__builtin_inf() && total == total) total = static_cast<double>(length);
    mean = s.ue / total;
    slope = mean;
    if (kind != SmoothMaxKind::boltzmann) return;
    shift = s.de / total;
    slope = mean * (1 - shift) + s.ude / total;
  }
  // Of the maximum, for sharpness k > 0.
  SMOOTHACT_FN double value(SmoothMaxKind kind, double k, int64_t length) const {
    using V = math::Simd<double, 1>;
    if (kind == SmoothMaxKind::boltzmann) return pivot + shift / k;
    const double ratio = kind == SmoothMaxKind::mellowmax ? total / static_cast<double>(length) : total;
    return pivot + log(V(ratio)).v / k;
  }
};

// The derivatives of a row in the type that is computed in. `factor`: what stands before w.
template <bool Boltzmann, class V>
struct SmoothMaxSlopes {
  V factor, shift, mean, slope;

  SmoothMaxSlopes() = default;
  SMOOTHACT_FN SmoothMaxSlopes(const SmoothMaxRow& row, double factor)
      : factor(factor / row.total), shift(1 - row.shift), mean(row.mean), slope(row.slope) {}
  // In one lane alone.
  void set_lane(int lane, const SmoothMaxRow& row, double factor) {
    const SmoothMaxSlopes one(row, factor);
    this->factor.v[lane] = one.factor.v[lane];
    shift.v[lane] = one.shift.v[lane];
    mean.v[lane] = one.mean.v[lane];
    slope.v[lane] = one.slope.v[lane];
  }
  SMOOTHACT_FN V first(V d, V e) const {
    if constexpr (Boltzmann) return factor * e * (shift + d);
    return factor * e;
  }
  SMOOTHACT_FN V second(V d, V e, V u) const {
    if constexpr (Boltzmann) return factor * e * fma(u - mean, shift + d, u - slope);
    return factor * e * (u - mean);
  }
};

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
