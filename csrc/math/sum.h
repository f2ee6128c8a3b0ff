// SPDX-License-Identifier: Apache-2.0
// Numbers as unevaluated sums hi + lo: exp(z) multiplies the rounding error of z by |z|, a normal density that of
// z^2/2, and a second derivative adds up a dozen roundings of its factors.
#pragma once

#include "number.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {
namespace math {

// What a * b lost to its rounding.
template <class V>
SMOOTHACT_FN V product_error(V a, V b, V rounded) {
  return fma(a, b, -rounded);
}

// Whether a number is worth the error terms of its sums.
template <class V>
inline constexpr bool keeps_errors = V::digits == Format<typename V::scalar>::digits;
template <class V>
concept WithoutErrors = requires {
  V::digits;
}
&&!keeps_errors<V>;

// The error term that such a sum does not have.
struct NoError {
  template <WithoutErrors V>
  SMOOTHACT_FN operator V() const {
    return V(0);
  }
  friend SMOOTHACT_FN NoError operator-(NoError) { return {}; }
  friend SMOOTHACT_FN NoError operator+(NoError, NoError) { return {}; }
  template <WithoutErrors V>
  friend SMOOTHACT_FN V operator+(V a, NoError) {
    return a;
  }
  template <WithoutErrors V>
  friend SMOOTHACT_FN V operator+(NoError, V a) {
    return a;
  }
  template <WithoutErrors V>
  friend SMOOTHACT_FN NoError operator*(V, NoError) {
    return {};
  }
  template <WithoutErrors V>
  friend SMOOTHACT_FN NoError operator*(NoError, V) {
    return {};
  }
  template <class A>
  friend SMOOTHACT_FN auto fma(A, NoError, auto c) {
    return c;
  }
  template <class B>
  friend SMOOTHACT_FN auto fma(NoError, B, auto c) {
    return c;
  }
  template <WithoutErrors V>
  friend SMOOTHACT_FN V fma(V a, V b, NoError) {
    return a * b;
  }
  template <class M>
  friend SMOOTHACT_FN NoError select(const M&, NoError, NoError) {
    return {};
  }
  template <class V>
  friend SMOOTHACT_FN NoError ldexp(NoError, V) {
    return {};
  }
};

template <class V>
struct Sum {
  V hi, lo;

  SMOOTHACT_FN V value() const { return hi + lo; }

  friend SMOOTHACT_FN Sum operator-(Sum a) { return {-a.hi, -a.lo}; }
  friend SMOOTHACT_FN Sum operator*(Sum a, Sum b) {
    const V p = a.hi * b.hi;
    return {p, fma(a.hi, b.lo, fma(a.lo, b.hi, product_error(a.hi, b.hi, p)))};
  }
  friend SMOOTHACT_FN Sum operator*(Sum a, V b) {
    const V p = a.hi * b;
    return {p, fma(a.lo, b, product_error(a.hi, b, p))};
  }
  friend SMOOTHACT_FN Sum operator*(V a, Sum b) { return b * a; }
  friend SMOOTHACT_FN Sum operator+(Sum a, Sum b) {
    const Sum s = two_sum(a.hi, b.hi);
    return {s.hi, s.lo + (a.lo + b.lo)};
  }
  friend SMOOTHACT_FN Sum operator+(Sum a, V b) { return a + Sum{b, 0}; }
};

template <WithoutErrors V>
struct Sum<V> {
  V hi;
#if defined(__CUDACC__)
  NoError lo;  // in device code nothing refers to a static; with [[no_unique_address]] nvcc 13.0 loses its neighbours
#else
  static constexpr NoError lo{};  // as a member, however empty, it would have GCC copy hi in pieces, through memory
#endif

  Sum() = default;
  template <class L>
  SMOOTHACT_FN Sum(const V& hi, const L&) : hi(hi) {}
  SMOOTHACT_FN V value() const { return hi; }

  friend SMOOTHACT_FN Sum operator-(Sum a) { return {-a.hi, 0}; }
  friend SMOOTHACT_FN Sum operator*(Sum a, Sum b) { return {a.hi * b.hi, 0}; }
  friend SMOOTHACT_FN Sum operator*(Sum a, V b) { return {a.hi * b, 0}; }
  friend SMOOTHACT_FN Sum operator*(V a, Sum b) { return {a * b.hi, 0}; }
  friend SMOOTHACT_FN Sum operator+(Sum a, Sum b) { return {a.hi + b.hi, 0}; }
  friend SMOOTHACT_FN Sum operator+(Sum a, V b) { return {a.hi + b, 0}; }
};

template <class V>
SMOOTHACT_FN V leading(V a) {
  return a;
}
template <class V>
SMOOTHACT_FN V leading(Sum<V> a) {
  return a.hi;
}

template <class V>
SMOOTHACT_FN Sum<V> as_sum(V a) {
  return {a, 0};
}
template <class V>
SMOOTHACT_FN Sum<V> as_sum(Sum<V> a) {
  return a;
}

// -|a|
template <class V>
SMOOTHACT_FN Sum<V> minus_abs(Sum<V> a) {
  return {minus_abs(a.hi), select(a.hi < 0, a.lo, -a.lo)};
}

// y, and what a has beside leading(a)
template <class V>
SMOOTHACT_FN V plus_trailing(V y, V) {
  return y;
}
template <class V>
SMOOTHACT_FN V plus_trailing(V y, Sum<V> a) {
  return y + a.lo;
}

// y with what a and b have beside leading(a) and leading(b), not yet added
template <class V>
SMOOTHACT_FN V with_trailing(V y, V, V) {
  return y;
}
template <class V>
SMOOTHACT_FN Sum<V> with_trailing(V y, V, Sum<V> b) {
  return {y, b.lo};
}
template <class V>
SMOOTHACT_FN Sum<V> with_trailing(V y, Sum<V> a, Sum<V> b) {
  return {y, a.lo + b.lo};
}

template <class M, class V>
SMOOTHACT_FN Sum<V> select(const M& mask, Sum<V> a, Sum<V> b) {
  return {select(mask, a.hi, b.hi), select(mask, a.lo, b.lo)};
}

// A parameter with every digit.
template <class V>
SMOOTHACT_FN Sum<V> in_full(const Constant& k) {
  return {V(k), V(k.trailing<typename V::scalar>())};
}

// a + b, exact.
template <class V>
SMOOTHACT_FN Sum<V> two_sum(V a, V b) {
  const V s = a + b, part = s - a;
  return {s, (a - (s - part)) + (b - part)};
}
// a + b, exact where a is a multiple of the sum's last place: |a| >= |b|, or a = 1 and |b| < 2^mantissa.
template <class V>
SMOOTHACT_FN Sum<V> add(V a, V b) {
  const V s = a + b;
  return {s, b - (s - a)};
}
template <class V>
SMOOTHACT_FN Sum<V> one_plus(V b) {
  return add(V(1), b);
}
template <class V>
SMOOTHACT_FN Sum<V> one_plus(Sum<V> b) {
  const Sum<V> s = one_plus(b.hi);
  return {s.hi, s.lo + b.lo};
}

// a * b, exact; finite operands.
template <class V>
SMOOTHACT_FN Sum<V> product(V a, V b) {
  const V p = a * b;
  return {p, fma(a, b, -p)};
}
template <class V>
SMOOTHACT_FN Sum<V> product(const Constant& k, V x) {
  const V p = V(k) * x;
  return {p, fma(V(k.trailing<typename V::scalar>()), x, fma(V(k), x, -p))};
}
template <class V>
SMOOTHACT_FN Sum<V> square(V x) {
  return product(x, x);
}
// kx + c, c a multiple of the sum's last place.
template <class V>
SMOOTHACT_FN Sum<V> product_plus(const Constant& k, V x, V c) {
  const V s = fma(V(k), x, c);
  return {s, fma(V(k.trailing<typename V::scalar>()), x, fma(V(k), x, c - s))};
}

// a/b, to little more than its last rounding.
template <class V>
SMOOTHACT_FN V quotient(Sum<V> a, Sum<V> b) {
  if constexpr (!keeps_errors<V>) return a.hi / b.hi;
  const V r = reciprocal(b.hi), q = a.hi * r;
  return fma(r, fma(-q, b.hi, a.hi) + fma(-q, b.lo, a.lo), q);
}

// The same with what the last rounding left.
template <class V>
SMOOTHACT_FN Sum<V> ratio(Sum<V> a, Sum<V> b) {
  if constexpr (!keeps_errors<V>) return {a.hi / b.hi, 0};
  const V r = reciprocal(b.hi), q = a.hi * r;
  return {q, r * (fma(-q, b.hi, a.hi) + fma(-q, b.lo, a.lo))};
}
// 1/a
template <class V>
SMOOTHACT_FN Sum<V> inverse(Sum<V> a) {
  const V r = reciprocal(a.hi);
  if constexpr (!keeps_errors<V>) return {r, 0};
  return {r, r * fma(-a.lo, r, fma(-a.hi, r, V(1)))};
}
// 1/sqrt(a)
template <class V>
SMOOTHACT_FN Sum<V> rsqrt(Sum<V> a) {
  const V r = rsqrt(a.hi);
  if constexpr (!keeps_errors<V>) return {r, 0};
  const V p = a.hi * r, lost = fma(-product_error(a.hi, r, p), r, fma(-p, r, V(1)));
  return {r, V(0.5) * r * fma(-a.lo * r, r, lost)};
}

}  // namespace math
}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
