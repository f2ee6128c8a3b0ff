// SPDX-License-Identifier: Apache-2.0
// P(x) / (1 + |Q(x)|) and its slope, a few registers at a time.
//
// Powers of x may overflow. So far from 0 P and Q are polynomials of t = 1/x, their coefficients in reverse, times x^m
// and x^n; near it t is x. With h(t) = p(t) / (1 + |t q(t)|) near and h(t) = p(t) / (|t|^n + |q(t)|) far, f is h near
// and sgn(x)^n x^(m-n) h far. The highest coefficients that are not 0 give m and n, whatever the degrees: or h might be
// 0 / 0.
#pragma once

#include "rational.h"
#include "storage.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {
namespace loops {

template <DType D>
struct Values {
  using V = Vector<D>;
  static constexpr int registers = Pack<D>::registers;
  V v[registers];

  SMOOTHACT_FN V& operator[](int r) { return v[r]; }
  SMOOTHACT_FN const V& operator[](int r) const { return v[r]; }
  template <class F>
  static SMOOTHACT_FN void each(const F& f) {
#pragma GCC unroll 4
    for (int r = 0; r < registers; ++r) f(r);
  }
  SMOOTHACT_FN Pack<D> packed() const {
    Pack<D> p;
    each([&](int r) { p.v[r] = v[r]; });
    return p;
  }
};

template <DType D>
struct Rational {
  using T = typename Storage<D>::Compute;
  using V = Vector<D>;

  const T *a, *b;
  int64_t m, n, numerators, denominators;

  explicit Rational(const cpu::RationalCall& c)
      : a(static_cast<const T*>(c.numerator)),
        b(static_cast<const T*>(c.denominator)),
        m(c.top),
        n(c.bottom),
        numerators(c.numerators),
        denominators(c.denominators) {}

  // |x| up to which powers are used: none is near overflow, and most data is within it.
  V reach() const { return V(m <= 10 ? 8 : 1); }
  SMOOTHACT_FN bool has_far(const Pack<D>& x) const {
    auto far = abs(x.v[0]) > reach();
    for (int r = 1; r < Pack<D>::registers; ++r) far = far | (abs(x.v[r]) > reach());
    if constexpr (std::is_integral_v<decltype(far.m)>) {
      return far.m != 0;
    } else {
      const auto words = __builtin_bit_cast(Lanes<uint64_t, sizeof(far.m) / 8>, far.m);
      uint64_t any = 0;
      for (int i = 0; i < static_cast<int>(sizeof(far.m) / 8); ++i) any |= words[i];
      return any != 0;
    }
  }
};

// Without the instruction fma would be emulated.
template <class V>
SMOOTHACT_FN V multiply_add(V a, V b, V c) {
  if constexpr (math::native::register_bytes == 16)
    return a * b + c;
  else
    return fma(a, b, c);
}

// Where no element is far from 0, `mixed` is false, which spares half the work and changes no bit.
template <DType D, bool mixed>
struct RationalPoint {
  using R = Rational<D>;
  using T = typename R::T;
  using V = typename R::V;
  using Values = loops::Values<D>;

  const R& of;
  Values x, t, q, inside, power;  // inside: of |.|; power: |t|^n
  typename V::Mask far[Values::registers];

  SMOOTHACT_FN RationalPoint(const R& of, const Pack<D>& loaded) : of(of) {
    Values::each([&](int r) {
      x[r] = loaded.v[r];
      if constexpr (mixed) far[r] = abs(x[r]) > of.reach();
      t[r] = pick(r, V(1) / x[r], x[r]);
    });
  }
  SMOOTHACT_FN V pick(int r, V a, V b) const {
    if constexpr (mixed)
      return select(far[r], a, b);
    else
      return b;
  }
  SMOOTHACT_FN V coefficient(int r, const T* c, int64_t k, int64_t last) const { return pick(r, c[last - k], c[k]); }
  // The polynomial, and its derivative where it is asked for.
  SMOOTHACT_FN void horner(const T* c, int64_t last, Values& y, Values* dy) const {
    Values::each([&](int r) { y[r] = coefficient(r, c, last, last); });
    if (dy) *dy = last > 0 ? y : Values{};
    for (int64_t k = last - 1; k >= 0; --k) {
      Values::each([&](int r) {
        y[r] = multiply_add(y[r], t[r], coefficient(r, c, k, last));
        if (dy && k > 0) (*dy)[r] = multiply_add((*dy)[r], t[r], y[r]);
      });
    }
  }
  SMOOTHACT_FN void numerator(Values& p, Values* dp) const {
    horner(of.a, of.m, p, dp);
    if (of.m == 0) Values::each([&](int r) { p[r] = multiply_add(t[r], V(0), p[r]); });  // a NaN stays one
  }
  SMOOTHACT_FN void denominator(Values& d, Values* dq) {
    if (of.n == 0) {
      q = inside = Values{};
      if (dq) *dq = q;
      Values::each([&](int r) { d[r] = power[r] = V(1); });
      return;
    }
    horner(of.b, of.n - 1, q, dq);
    power = t;
    for (int64_t k = 1; k < of.n; ++k) Values::each([&](int r) { power[r] = power[r] * t[r]; });
    Values::each([&](int r) {
      power[r] = abs(power[r]);
      inside[r] = pick(r, q[r], q[r] * t[r]);
      d[r] = pick(r, power[r], V(1)) + abs(inside[r]);
    });
  }
  // Times sgn(x)^n, and times x^exponent, far from 0. Factor by factor: what is finite then does not overflow.
  SMOOTHACT_FN void times_sign(Values& y) const {
    if (mixed && of.n % 2 != 0) Values::each([&](int r) { y[r] = pick(r, multiply_sign(y[r], x[r]), y[r]); });
  }
  SMOOTHACT_FN void times_power(Values& y, int64_t exponent) const {
    if (!mixed) return;
    for (int64_t k = 0; k < exponent; ++k) Values::each([&](int r) { y[r] = pick(r, y[r] * x[r], y[r]); });
    for (int64_t k = 0; k < -exponent; ++k) Values::each([&](int r) { y[r] = pick(r, y[r] * t[r], y[r]); });
  }
  SMOOTHACT_FN Pack<D> f() {
    Values p, d;
    numerator(p, nullptr);
    denominator(d, nullptr);
    Values::each([&](int r) { p[r] = p[r] / d[r]; });
    times_sign(p);
    times_power(p, of.m - of.n);
    return p.packed();
  }
};

template <DType D, bool mixed>
struct RationalSlope : RationalPoint<D, mixed> {
  using Point = RationalPoint<D, mixed>;
  using Point::of, Point::pick, Point::power, Point::inside, Point::t;
  using typename Point::T, typename Point::V, typename Point::Values;

  Values h, signed_h, dh, reciprocal;  // signed_h: times sgn(Q); dh: times t far from 0; reciprocal: of the denominator

  SMOOTHACT_FN RationalSlope(const typename Point::R& of, const Pack<D>& loaded) : Point(of, loaded) {
    Values d, dp, dq;
    this->numerator(h, &dp);
    this->denominator(d, &dq);
    Values::each([&](int r) {
      reciprocal[r] = V(1) / d[r];
      h[r] = h[r] * reciprocal[r];
      signed_h[r] = select(abs(inside[r]) <= V(0), V(0), multiply_sign(h[r], inside[r]));
      const V by_q = of.n == 0 ? V(0) : pick(r, dq[r], multiply_add(t[r], dq[r], this->q[r]));
      const V both = multiply_add(-signed_h[r], by_q, dp[r]), by_power = V(static_cast<T>(of.n)) * power[r] * h[r];
      dh[r] = pick(r, multiply_add(t[r], both, -by_power), both) * reciprocal[r];
    });
  }
  // grad f'. Far from 0 f' is sgn(x)^n x^(m-n-1) ((m - n) h - t h'), where m = n without the difference of large terms.
  SMOOTHACT_FN Pack<D> times(const Pack<D>& grad) const {
    const int64_t degree = of.m - of.n;
    Values y;
    Values::each([&](int r) { y[r] = pick(r, V(static_cast<T>(degree)) * h[r] - dh[r], dh[r]); });
    this->times_sign(y);
    this->times_power(y, degree - 1);
    Values::each([&](int r) { y[r] = y[r] * grad.v[r]; });
    return y.packed();
  }
  // Adds grad x^i / D for each a_i, and -grad x^j sgn(Q) P / D^2 for each b_j, lane by lane. An element counts where
  // `counted` is positive, or everywhere.
  SMOOTHACT_FN void add(const Pack<D>& grad, const Pack<D>* counted, T* sums) const {
    Values terms, by_q;
    Values::each([&](int r) { terms[r] = grad.v[r] * reciprocal[r]; });
    this->times_sign(terms);
    Values::each([&](int r) { by_q[r] = -terms[r] * signed_h[r]; });
    if (counted) {
      for (Values* v : {&terms, &by_q})
        Values::each([&](int r) { (*v)[r] = select(counted->v[r] > V(0), (*v)[r], V(0)); });
    }
    const int64_t turn = 2 * of.n - of.m;
    this->times_power(by_q, turn < 0 ? -turn : 0);
    add_powers(terms, of.n, 0, of.numerators, sums);
    add_powers(by_q, turn < 0 ? 0 : turn, 1, of.denominators + 1, sums + (of.numerators - 1) * V::lanes);
  }

 private:
  // Adds to sums[i], i from `first` to before `end`, near 0 c x^i and far from it c x^(i - turn): in steps away from
  // where the power is 0, so that one that is finite comes from none that is not.
  SMOOTHACT_FN void add_powers(const Values& c, int64_t turn, int64_t first, int64_t end, T* sums) const {
    const auto within = [=](int64_t i) { return first <= i && i < end; };
    Values y = c;
    for (int64_t k = 0; k <= turn; ++k) {
      if (k > 0) Values::each([&](int r) { y[r] = y[r] * t[r]; });
      if (within(k)) update(sums + k * V::lanes, [&](int r, V s) { return pick(r, s, s + y[r]); });
      if (mixed && within(turn - k))
        update(sums + (turn - k) * V::lanes, [&](int r, V s) { return pick(r, s + y[r], s); });
    }
    Values::each([&](int r) { y[r] = pick(r, c[r], y[r]); });
    for (int64_t i = turn + 1; i < end; ++i) {
      Values::each([&](int r) { y[r] = y[r] * this->x[r]; });
      if (within(i)) update(sums + i * V::lanes, [&](int r, V s) { return s + y[r]; });
    }
  }
  template <class F>
  static SMOOTHACT_FN void update(T* sum, const F& next) {
    V s;
    std::memcpy(&s.v, sum, sizeof(s.v));
    Values::each([&](int r) { s = next(r, s); });
    std::memcpy(sum, &s.v, sizeof(s.v));
  }
};

}  // namespace loops
}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
