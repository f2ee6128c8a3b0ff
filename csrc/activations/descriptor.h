// SPDX-License-Identifier: Apache-2.0
// What is known of an activation besides its formula. Everything outside the kernels (schemas, modules, tests, oracle,
// docs) is made from this record.
#pragma once

#include <initializer_list>
#include <limits>
#include <string_view>
#include <utility>

#include "../math/number.h"
#include "constructions/in_double.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {

inline constexpr double infinity = std::numeric_limits<double>::infinity();

template <class T, int Capacity>
struct List {
  T items[Capacity]{};
  int size = 0;
  constexpr List() = default;
  constexpr List(std::initializer_list<T> values) {
    for (const T& v : values) items[size++] = v;
  }
  constexpr const T* begin() const { return items; }
  constexpr const T* end() const { return items + size; }
};

enum class Kind { step, sign, smooth_abs, smooth_relu, gate, piecewise };
// An exponent runs from 1 to 16.
enum class Domain { real, nonnegative, positive, exponent };
inline constexpr double most_exponent = 16;

// An optional parameter's default None is written, and handed to the kernel, as infinity.
struct Parameter {
  std::string_view name;
  double value = 0;
  Domain domain = Domain::real;
  bool optional = false;
};

// Chooses between activations by a keyword, as torch's gelu(approximate=...) does.
struct Choice {
  std::string_view value, activation;
};
struct Selector {
  std::string_view keyword;
  List<Choice, 4> choices;
};

inline constexpr int analytic = 99;

struct Descriptor {
  std::string_view name;    // of the op and the function
  std::string_view module;  // of the nn.Module
  List<std::string_view, 8> aliases{};
  Kind kind;
  List<Parameter, 4> parameters{};
  bool ascending = false;       // each parameter above the one before
  std::string_view definition;  // the textbook formula, a Python expression in x and the parameters
  std::string_view source{};
  double limits[2];  // f(-inf), f(+inf), at the default parameters as all that follows
  double slopes[2];  // f'(-inf), f'(+inf)
  double at_zero = 0;
  int smoothness = analytic;      // f is C^k
  List<double, 2> kinks{};        // where f' jumps; there it is that of the left side,
  List<double, 2> right_kinks{};  // but at these of the right
  bool inplace = false;           // torch.nn's module has it
  // f'(f(x)) is f'(x) if no parameter is negative, whatever f(x) is rounded to: backward takes the result for x, which
  // is in the cache, and which what comes next keeps anyway.
  bool slope_of_result = false;
  bool in_double = false;   // InDouble computes it
  bool all_digits = false;  // CUDA's 16-bit types take no shorter polynomials for it; nor if in_double
  Selector selector{};
};

// The C++ function of an activation. Its body is found by name where torch is known (smoothact.h).
template <class A>
struct Function {
  template <class Tensor, class... P>
  Tensor operator()(const Tensor& self, P... parameters) const {
    return call(*this, self, parameters...);
  }
};

// Whose double is computed in two terms.
template <class A>
concept InTwoTerms = requires {
  A::two_terms;
};

template <class A>
constexpr A from_parameters(const double* p) {
  return [&]<std::size_t... I>(std::index_sequence<I...>) { return A{p[I]...}; }
  (std::make_index_sequence<A::descriptor.parameters.size>{});
}

// Calls `use` with the activation, or with a cheaper one that it is at these parameters.
template <class A, class Use>
void with_parameters(const double* p, const Use& use) {
  const A a = from_parameters<A>(p);
  const auto computed = [&](const auto& b) { use(as_computed<A>(b)); };
  if constexpr (requires { a.specialise(computed); })
    a.specialise(computed);
  else
    computed(a);
}

}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
