// SPDX-License-Identifier: Apache-2.0
// Constant where a kernel takes derivatives by the parameters: a literal with its slopes.
#pragma once

#include <array>

#include "../kernels/request.h"
#include "number.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {
namespace math {

struct Constant {
  Literal literal;
  std::array<double, most_parameters> slopes{};

  constexpr Constant(double v, double low = 0) : literal(v, low) {}
  constexpr Constant(const Literal& k) : literal(k) {}
  // The parameter in that place.
  static constexpr Constant parameter(double v, int place) {
    Constant k(v);
    k.slopes[place] = 1;
    return k;
  }
  // y of a slope dy along this
  constexpr Constant chain(const Literal& y, double dy) const {
    Constant k(y);
    for (int i = 0; i < most_parameters; ++i) k.slopes[i] = slopes[i] == 0 ? 0 : slopes[i] * dy;
    return k;
  }

  constexpr bool varies() const {
    for (double s : slopes) {
      if (s != 0) return true;
    }
    return false;
  }
  template <class T>
  constexpr T leading() const {
    return literal.leading<T>();
  }
  template <class T>
  constexpr T trailing() const {
    return literal.trailing<T>();
  }

  friend constexpr Constant operator+(const Constant& a, const Constant& b) {
    return a.chain(a.literal + b.literal, 1).plus(b, 1);
  }
  friend constexpr Constant operator-(const Constant& a, const Constant& b) {
    return a.chain(a.literal - b.literal, 1).plus(b, -1);
  }
  friend constexpr Constant operator*(const Constant& a, const Constant& b) {
    return a.chain(a.literal * b.literal, b.literal.value).plus(b, a.literal.value);
  }
  friend constexpr Constant operator/(const Constant& a, const Constant& b) {
    const Literal q = a.literal / b.literal;
    return a.chain(q, 1 / b.literal.value).plus(b, -q.value / b.literal.value);
  }
  friend constexpr Constant operator-(const Constant& a) { return a.chain(-a.literal, -1); }

  friend constexpr bool operator<(const Constant& a, const Constant& b) { return a.literal < b.literal; }
  friend constexpr bool operator<=(const Constant& a, const Constant& b) { return a.literal <= b.literal; }

 private:
  constexpr Constant plus(const Constant& b, double factor) const {
    Constant k = *this;
    for (int i = 0; i < most_parameters; ++i) k.slopes[i] += b.slopes[i] == 0 ? 0 : b.slopes[i] * factor;
    return k;
  }
};

constexpr Constant select(bool condition, const Constant& a, const Constant& b) { return condition ? a : b; }
constexpr Constant reciprocal(const Constant& a) {
  const Literal r = reciprocal(a.literal);
  return a.chain(r, -r.value * r.value);
}
constexpr Constant root(const Constant& a) {
  const Literal r = root(a.literal);
  return a.chain(r, 0.5 / r.value);
}
constexpr Constant bound(const Constant& a) { return a.literal; }
constexpr Constant quadruple_root(const Constant& a) { return quadruple_root(a.literal); }
// Whether it is so whatever the parameter.
constexpr bool equals(const Constant& a, double value) { return !a.varies() && a.literal.value == value; }
constexpr bool is_power_of_two(const Constant&) { return false; }

}  // namespace math
}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
