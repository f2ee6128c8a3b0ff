// SPDX-License-Identifier: Apache-2.0
// What the loops of smooth maxima share. A block of a row is added up lane by lane, its lanes and the blocks of a
// segment in double, and so are segments: in an order that follows from an element's place in its row alone, whether
// the lanes of a register are elements of one row (smooth_max_rows.h) or of several (smooth_max_columns.h).
#pragma once

#include "rows.h"
#include "smooth_max.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {
namespace loops {

inline constexpr int64_t segment_length = cpu::smooth_max_segment, block_length = 512;

template <Order O, bool Boltzmann, DType D>
class SmoothMaxTerms {
 protected:
  static constexpr bool has_second = O == Order::double_backward, has_image = O != Order::forward;
  // The operands' places.
  static constexpr int operands = cpu::smooth_max_operands(O);
  static constexpr int x_at = operands - 1, grad_at = operands - 2, u_at = operands - 3, image_at = has_second;

  static constexpr int registers = Pack<D>::registers, count = (Boltzmann ? 2 : 1) * (has_second ? 2 : 1);
  using E = Element<D>;
  using T = typename Storage<D>::Compute;
  // All digits of it, whatever those of an element: a row's sum has many.
  using V = math::Simd<T, Vector<D>::lanes>;
  using Term = SmoothMaxTerm<V>;
  using Slopes = SmoothMaxSlopes<Boltzmann, V>;
  typedef double Wider __attribute__((vector_size(V::lanes * sizeof(double))));
  static_assert(block_length % Pack<D>::lanes == 0 && segment_length % block_length == 0);

  const cpu::SmoothMaxPass& pass_;
  char* const* const data_;
  const int64_t* const strides_;
  const V k_ = static_cast<T>(std::abs(pass_.sharpness)), sign_ = T(pass_.sharpness < 0 ? -1 : 1);

  SmoothMaxTerms(const cpu::SmoothMaxPass& pass, char* const* data, const int64_t* strides)
      : pass_(pass), data_(data), strides_(strides) {}

  static SMOOTHACT_FN V register_of(const Pack<D>& p, int r) { return V::from(p.v[r].v); }
  SMOOTHACT_FN V signed_by(V x) const { return multiply_sign(x, sign_); }

  // A NaN may be lost in a pivot; the sums have it.
  SMOOTHACT_FN V greater(V most, V x) const { return max(most, signed_by(x)); }
  SMOOTHACT_FN Term term(V x, V pivot) const { return Term(signed_by(x), pivot, k_); }
  // sums[n * stride] is the n-th.
  static SMOOTHACT_FN void add(V* sums, int64_t stride, const Term& t, V u) {
    sums[0] = sums[0] + t.e;
    if constexpr (Boltzmann) sums[stride] = fma(t.d, t.e, sums[stride]);
    if constexpr (has_second) {
      const V ue = u * t.e;
      V* const more = sums + count / 2 * stride;
      more[0] = more[0] + ue;
      if constexpr (Boltzmann) more[stride] = fma(t.d, ue, more[stride]);
    }
  }

  SmoothMaxRow row_of(double pivot, const double (&sums)[count]) const {
    SmoothMaxSums s;
    s.e = sums[0];
    if constexpr (Boltzmann) s.de = sums[1];
    if constexpr (has_second) s.ue = sums[count / 2];
    if constexpr (has_second && Boltzmann) s.ude = sums[3];
    return {pass_.kind, pivot, s, pass_.length};
  }
  // Stores what has one element for the row.
  void finish(int64_t row, const SmoothMaxRow& r) const {
    char* const p = data_[0] + row * strides_[0];
    if constexpr (O == Order::forward) {
      const double y = r.value(pass_.kind, std::abs(pass_.sharpness), pass_.length);
      store_one<D>(p, pass_.sharpness < 0 ? -y : y);
    }
    if constexpr (has_second) store_one<D>(p, r.slope);
  }
  // What stands before the weights.
  double factor(int64_t row) const {
    const double grad = load_one<D>(data_[grad_at] + row * strides_[grad_at]);
    return has_second ? grad * pass_.sharpness : grad;
  }
  static SMOOTHACT_FN V image(const Slopes& s, V d, V e, V u) {
    if constexpr (has_second)
      return s.second(d, e, u);
    else
      return s.first(d, e);
  }
};

}  // namespace loops
}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
