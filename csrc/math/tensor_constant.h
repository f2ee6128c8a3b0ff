// SPDX-License-Identifier: Apache-2.0
// Constant where parameters are tensors: a literal number, or a tensor of which the host knows nothing. A literal type
// all the same, as the activations' constructors are constexpr.
#pragma once

#include <cmath>

#include "dual_tensor.h"
#include "number.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {
namespace math {

struct Constant {
  constexpr Constant(double v, double low = 0) : literal(v, low) {}
  constexpr Constant(const Literal& k) : literal(k) {}
  explicit Constant(dual::Tensor t) : literal(0), shared(new Shared{std::move(t)}) {}
  constexpr Constant(const Constant& k) : literal(k.literal), shared(k.shared) {
    if (shared) ++shared->owners;
  }
  constexpr Constant& operator=(const Constant& k) {
    if (k.shared) ++k.shared->owners;
    release();
    literal = k.literal;
    shared = k.shared;
    return *this;
  }
  constexpr ~Constant() { release(); }

  constexpr bool varies() const { return shared != nullptr; }
  const dual::Tensor& tensor() const { return shared->tensor; }  // of one that varies
  template <class T>
  constexpr T leading() const {
    return literal.leading<T>();
  }
  template <class T>
  constexpr T trailing() const {
    return literal.trailing<T>();
  }

  Literal literal;

 private:
  struct Shared {
    dual::Tensor tensor;
    int owners = 1;
  };
  Shared* shared = nullptr;

  constexpr void release() {
    if (shared && --shared->owners == 0) delete shared;
  }
};

namespace detail {
// Of tensors where one varies, of literals where none does.
template <class Tensors, class Literals>
constexpr Constant apply(const Tensors& tensors, const Literals& literals, const Constant& a) {
  if (a.varies()) return Constant(tensors(a.tensor()));
  return literals(a.literal);
}
template <class Tensors, class Literals>
constexpr Constant apply(const Tensors& tensors, const Literals& literals, const Constant& a, const Constant& b) {
  if (a.varies() && b.varies()) return Constant(tensors(a.tensor(), b.tensor()));
  if (a.varies()) return Constant(tensors(a.tensor(), b.literal.value));
  if (b.varies()) return Constant(tensors(a.literal.value, b.tensor()));
  return literals(a.literal, b.literal);
}
}  // namespace detail

#define SMOOTHACT_CONSTANT(NAME, TENSORS, LITERALS)                                        \
  constexpr Constant NAME(const Constant& a, const Constant& b) {                          \
    return detail::apply([](const auto& s, const auto& t) { return dual::TENSORS(s, t); }, \
                         [](const auto& s, const auto& t) { return LITERALS; }, a, b);     \
  }
SMOOTHACT_CONSTANT(operator+, add, s + t)
SMOOTHACT_CONSTANT(operator-, sub, s - t)
SMOOTHACT_CONSTANT(operator*, mul, s* t)
SMOOTHACT_CONSTANT(operator/, div, s / t)
#undef SMOOTHACT_CONSTANT

#define SMOOTHACT_CONSTANT(NAME, TENSORS, LITERALS)                                                                  \
  constexpr Constant NAME(const Constant& a) {                                                                       \
    return detail::apply([](const auto& t) { return dual::TENSORS(t); }, [](const auto& t) { return LITERALS; }, a); \
  }
SMOOTHACT_CONSTANT(operator-, neg, -t)
SMOOTHACT_CONSTANT(reciprocal, reciprocal, reciprocal(t))
SMOOTHACT_CONSTANT(root, sqrt, root(t))
SMOOTHACT_CONSTANT(bound, detach, t)
SMOOTHACT_CONSTANT(quadruple_root, quadruple_root, quadruple_root(t))
#undef SMOOTHACT_CONSTANT

inline Constant logarithm(const Constant& k) {
  return k.varies() ? Constant(dual::log(k.tensor())) : Constant(std::log(k.literal.value));
}
inline Constant expm1(const Constant& k) {
  return k.varies() ? Constant(dual::expm1(k.tensor())) : Constant(std::expm1(k.literal.value));
}
inline Constant reciprocal_gamma(const Constant& k) {
  return k.varies() ? Constant(dual::reciprocal_gamma(k.tensor())) : Constant(1 / std::tgamma(1 + k.literal.value));
}

// Evaluated where it selects: its mask may be a tensor.
struct Comparison {
  Constant a, b;
  bool or_equal;
};
constexpr Comparison operator<(const Constant& a, const Constant& b) { return {a, b, false}; }
constexpr Comparison operator<=(const Constant& a, const Constant& b) { return {a, b, true}; }
inline Constant select_tensor(const Comparison& c, const Constant& a, const Constant& b) {
  // On the device of what varies: the compiler's constants may not be mixed.
  const auto options = (c.a.varies() ? c.a : c.b).tensor().options();
  const auto tensor = [&](const Constant& k) {
    return k.varies() ? k.tensor() : dual::full({}, k.literal.value, options);
  };
  const dual::Tensor s = tensor(c.a), t = tensor(c.b);
  return Constant(dual::where(c.or_equal ? dual::le(s, t) : dual::lt(s, t), tensor(a), tensor(b)));
}
constexpr Constant select(const Comparison& c, const Constant& a, const Constant& b) {
  if (c.a.varies() || c.b.varies()) return select_tensor(c, a, b);
  return (c.or_equal ? c.a.literal <= c.b.literal : c.a.literal < c.b.literal) ? a : b;
}
constexpr bool equals(const Constant& k, double value) { return !k.varies() && k.literal.value == value; }
constexpr bool is_power_of_two(const Constant&) { return false; }

}  // namespace math
}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
