// SPDX-License-Identifier: Apache-2.0
// What an activation computes once from its parameters, with more digits than a double has.
#pragma once

#include "power.h"
#include "simd.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {
namespace math {

namespace detail {
using Exact = Twofold<Simd<double, 1>>;
SMOOTHACT_FN Literal digits_of(const Exact& y) { return {y.hi.v, y.lo.v}; }
}  // namespace detail

SMOOTHACT_FN Literal logarithm(const Literal& k) { return detail::digits_of(log_wide(detail::Exact(k.value, k.low))); }
SMOOTHACT_FN Literal expm1(const Literal& k) { return detail::digits_of(expm1(detail::Exact(k.value, k.low))); }

}  // namespace math
}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
