// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace smoothact {

// Of a parameter that is not 0: its square and its reciprocal, times any argument that matters, stay within single
// precision.
inline constexpr double least_parameter = 1e-30, most_parameter = 1e15;

}  // namespace smoothact
