// SPDX-License-Identifier: Apache-2.0
// The rational function and its gradients as graphs of ATen calls: for other devices, and for further derivatives. The
// form is that of cpu/rational.cpp, but the degrees are those given: coefficients cannot be looked at.
#include <ATen/TensorOperators.h>
#include <ATen/ops/addcmul.h>
#include <ATen/ops/clamp.h>
#include <ATen/ops/lerp.h>
#include <ATen/ops/reciprocal.h>
#include <ATen/ops/sgn.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/unbind.h>
#include <ATen/ops/zeros_like.h>

#include "rational.h"

namespace smoothact::rational {
namespace {

using at::Tensor;

Tensor power(const Tensor& x, int64_t n) {
  if (n == 1) return x;
  const Tensor half = power(x * x, n / 2);
  return n % 2 == 0 ? half : half * x;
}

// y and, where it is asked for, its derivative by t.
struct Polynomial {
  Tensor y, dy;
};

// What the function and its slope share. `where` takes several times as long as `lerp` on the CPU, which gives one or
// the other too where its weight is 0 or 1.
struct Point {
  std::vector<Tensor> a, b;  // b from b0 = 0 on
  int64_t m, n;
  Tensor x, far, large, small, t;  // far: 1 or 0; large and small: x and 1/|x| far from 0, else 1
  Polynomial p, q;
  Tensor power, denominator;  // power: |t|^n far from 0, else 1

  Point(const Given& in, bool slope)
      : a(coefficients(in[1], in[0])),
        b(coefficients(in[2], in[0])),
        m(static_cast<int64_t>(a.size()) - 1),
        n(static_cast<int64_t>(b.size())),
        x(in[0].to(computed_type(in[0].scalar_type()))) {
    b.insert(b.begin(), at::zeros_like(b[0]));
    const Tensor near = x.abs().le(1);
    far = near.logical_not().to(x.scalar_type());
    large = x.masked_fill(near, 1);
    small = at::reciprocal(large).abs();
    t = at::clamp(x, -1, 1) * small;
    p = horner(a, slope);
    q = horner(b, slope);
    power = smoothact::rational::power(small, n);
    denominator = power + q.y.abs();
  }

  // Times sgn(x)^n x^exponent far from 0. Factor by factor: what is finite then does not overflow.
  Tensor times_power(Tensor y, int64_t exponent) const {
    if ((n - (exponent < 0 ? exponent : 0)) % 2 != 0) y = y * at::sgn(large);
    for (int64_t k = 0; k < exponent; ++k) y = y * large;
    for (int64_t k = 0; k < -exponent; ++k) y = y * small;
    return y;
  }

 private:
  static std::vector<Tensor> coefficients(const Tensor& c, const Tensor& self) {
    return at::unbind(c.to(computed_type(self.scalar_type())), 0);
  }
  // Far from 0 with the coefficients in reverse.
  Polynomial horner(const std::vector<Tensor>& c, bool slope) const {
    const size_t last = c.size() - 1;
    const auto coefficient = [&](size_t k) { return k == last - k ? c[k] : at::lerp(c[k], c[last - k], far); };
    Polynomial r{coefficient(last), {}};
    for (size_t k = last; k-- > 0;) {
      if (slope) r.dy = r.dy.defined() ? at::addcmul(r.y, r.dy, t) : r.y;
      r.y = at::addcmul(coefficient(k), r.y, t);
    }
    return r;
  }
};

struct Gradients {
  const Point at;
  Tensor reciprocal, h, signed_h;  // reciprocal: of the denominator; signed_h: times sgn(Q)

  explicit Gradients(const Given& in)
      : at(in, true),
        reciprocal(at::reciprocal(at.denominator)),
        h(at.p.y * reciprocal),
        signed_h(h * at::sgn(at.q.y)) {}
  // As RationalSlope has it in cpu/rational_point.h.
  Tensor by_x() const {
    const int64_t degree = at.m - at.n;
    const Tensor both = at.p.dy - signed_h * at.q.dy;
    const Tensor turned = at.t * both - static_cast<double>(at.n) * at.power * h;
    const Tensor far = static_cast<double>(degree) * h - turned * reciprocal;
    return at.times_power(at::lerp(both * reciprocal, far, at.far), degree - 1);
  }
  // Of what the gradients by a, and then those by b, are the sums of, times powers of x.
  Tensor by_a(const Tensor& grad) const { return at.times_power(grad * reciprocal, 0); }
  Tensor by_b(const Tensor& by_a) const {
    Tensor y = -by_a * signed_h;
    for (int64_t k = 2 * at.n; k < at.m; ++k) y = y * at.large;
    return y;
  }
  // The sums of near c x^i and far c x^(i - turn), i from `first` to before `end`.
  Tensor sums(const Tensor& c, int64_t turn, int64_t first, int64_t end) const {
    std::vector<Tensor> powers{c}, sums;
    for (int64_t k = 1; k <= turn; ++k) powers.push_back(powers.back() * at.t);
    Tensor y;
    for (int64_t i = 0; i < end; ++i) {
      if (i > turn)
        y = y * at.x;
      else if (i >= first || i == turn)
        y = 2 * i == turn ? powers[i] : at::lerp(powers[i], powers[turn - i], at.far);
      if (i >= first) sums.push_back(y.sum());
    }
    return at::stack(sums);
  }
};

}  // namespace

Tensor value_composite(const Given& in) {
  check(in);
  const Point at(in, false);
  return at.times_power(at.p.y / at.denominator, at.m - at.n).to(in[0].scalar_type());
}

std::vector<Tensor> gradients_composite(const Tensor& grad, const Given& in, const Needed& needed) {
  check(grad, in);
  const Gradients g(in);
  const Tensor wide = grad.to(computed_type(in[0].scalar_type())), by_a = g.by_a(wide);
  const int64_t m = g.at.m, n = g.at.n;
  std::vector<Tensor> out(3);
  if (needed[0]) out[0] = (wide * g.by_x()).to(in[0].scalar_type());
  if (needed[1]) out[1] = g.sums(by_a, n, 0, m + 1).to(in[1].scalar_type());
  if (needed[2]) out[2] = g.sums(g.by_b(by_a), std::max<int64_t>(0, 2 * n - m), 1, n + 1).to(in[2].scalar_type());
  return out;
}

}  // namespace smoothact::rational
