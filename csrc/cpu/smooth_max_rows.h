// SPDX-License-Identifier: Apache-2.0
// Smooth maxima of rows whose elements lie side by side, or are brought there: a pass for the pivot, one for the sums,
// and one for the result that has all elements.
#pragma once

#include "smooth_max_terms.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {
namespace loops {

template <DType D>
Element<D> infinity_of(bool negative) {
  if constexpr (D == DType::bf16)
    return negative ? 0xff80 : 0x7f80;
  else if constexpr (D == DType::f16)
    return negative ? 0xfc00 : 0x7c00;
  else
    return static_cast<Element<D>>(negative ? -infinity : infinity);
}

template <Order O, bool Boltzmann, DType D>
class SmoothMaxRows : SmoothMaxTerms<O, Boltzmann, D> {
  using Terms = SmoothMaxTerms<O, Boltzmann, D>;
  using Terms::count, Terms::has_image, Terms::has_second, Terms::registers;
  using Terms::pass_;
  using typename Terms::E, typename Terms::Slopes, typename Terms::T, typename Terms::Term, typename Terms::V;
  using Operand = RowOperand<D>;

  // What is known of a row so far.
  struct State {
    T pivot = -std::numeric_limits<T>::infinity();
    double sums[count] = {};
  };
  struct Segment {
    int64_t count;
    Place x, u, image;
  };

  const bool dense_;
  Operand x_, u_, image_;

 public:
  SmoothMaxRows(const cpu::SmoothMaxPass& pass, char* const* data, const int64_t* strides, bool dense)
      : Terms(pass, data, strides),
        dense_(dense),
        x_(operand(Terms::x_at, 0)),
        u_(operand(has_second ? Terms::u_at : Terms::x_at, 1)),
        image_(operand(has_image ? Terms::image_at : Terms::x_at, 0)) {}  // over x, which is read first

  void run(int64_t rows) {
    const int64_t together = dense_ ? 1 : Operand::most_rows;
    for (int64_t first = 0; first < rows; first += together) {
      const int64_t some = std::min(together, rows - first);
      pass_.length <= segment_length ? run_short(first, some) : run_long(first, some);
    }
  }

 private:
  Operand operand(int k, int buffer) const {
    const int64_t pitch = cpu::smooth_max_pitch(pass_.length);
    E* const scratch = reinterpret_cast<E*>(pass_.scratch) + buffer * Operand::most_rows * pitch;
    return {this->data_[k], this->strides_[k], pass_.along[k], dense_ ? nullptr : scratch, pitch};
  }
  void load(int64_t first, int64_t rows, int64_t start, int64_t length) {
    x_.load(first, rows, start, length, infinity_of<D>(pass_.sharpness > 0));
    if constexpr (has_second) u_.load(first, rows, start, length, E(0));
  }
  Segment segment(int64_t first, int64_t r, int64_t start, int64_t length) {
    return {length, x_.place(first, r, start, length), u_.place(first, r, start, length),
            image_.place(first, r, start, length)};
  }

  void run_short(int64_t first, int64_t rows) {
    alignas(64) T kept[has_image ? segment_length : 1];
    load(first, rows, 0, pass_.length);
    for (int64_t r = 0; r < rows; ++r) {
      const Segment s = segment(first, r, 0, pass_.length);
      State state;
      find_pivot(s, state);
      add(s, state, has_image ? kept : nullptr);
      const SmoothMaxRow row = this->row_of(state.pivot, state.sums);
      this->finish(first + r, row);
      if constexpr (has_image) write(s, state.pivot, Slopes(row, this->factor(first + r)), kept);
    }
    if constexpr (has_image) image_.store(first, rows, 0, pass_.length);
  }
  void run_long(int64_t first, int64_t rows) {
    State states[Operand::most_rows];
    const auto each_segment = [&](const auto& use, bool stores = false) {
      for (int64_t start = 0; start < pass_.length; start += segment_length) {
        const int64_t length = std::min(segment_length, pass_.length - start);
        load(first, rows, start, length);
        for (int64_t r = 0; r < rows; ++r) use(segment(first, r, start, length), r);
        if (stores) image_.store(first, rows, start, length);
      }
    };
    each_segment([&](const Segment& s, int64_t r) { find_pivot(s, states[r]); });
    each_segment([&](const Segment& s, int64_t r) { add(s, states[r], nullptr); });
    [[maybe_unused]] Slopes slopes[Operand::most_rows];
    for (int64_t r = 0; r < rows; ++r) {
      const SmoothMaxRow row = this->row_of(states[r].pivot, states[r].sums);
      this->finish(first + r, row);
      if constexpr (has_image) slopes[r] = Slopes(row, this->factor(first + r));
    }
    if constexpr (has_image)
      each_segment([&](const Segment& s, int64_t r) { write(s, states[r].pivot, slopes[r], nullptr); }, true);
  }

  void find_pivot(const Segment& s, State& state) const {
    V most[registers];
    for (V& m : most) m = V(state.pivot);
    each_step<D>(0, s.count, [&](const auto& at, int64_t) {
      const auto x = Pack<D>::load(at(s.x));
      for (int r = 0; r < registers; ++r) most[r] = this->greater(most[r], Terms::register_of(x, r));
    });
    T each[Pack<D>::lanes];
    std::memcpy(each, most, sizeof(each));
    for (int n = Pack<D>::lanes / 2; n > 0; n /= 2)
      for (int l = 0; l < n; ++l) each[l] = each[l + n] > each[l] ? each[l + n] : each[l];
    state.pivot = each[0] > state.pivot ? each[0] : state.pivot;
  }

  // Keeps e^d if it is told where.
  void add(const Segment& s, State& state, T* kept) const {
    using Wider = typename Terms::Wider;
    Wider totals[count][registers] = {};
    const V pivot(state.pivot);
    for (int64_t start = 0; start < s.count; start += block_length) {
      V sums[count][registers];
      for (auto& sum : sums)
        for (V& v : sum) v = V(0);
      each_step<D>(start, std::min(block_length, s.count - start), [&](const auto& at, int64_t i) {
        const auto x = Pack<D>::load(at(s.x));
        Pack<D> u;
        if constexpr (has_second) u = Pack<D>::load(at(s.u));
#pragma GCC unroll 4
        for (int r = 0; r < registers; ++r) {
          const Term t = this->term(Terms::register_of(x, r), pivot);
          if (has_image && kept) std::memcpy(kept + i + r * V::lanes, &t.e.v, sizeof(t.e.v));
          Terms::add(&sums[0][r], registers, t, has_second ? Terms::register_of(u, r) : V(0));
        }
      });
      for (int n = 0; n < count; ++n)
        for (int r = 0; r < registers; ++r) totals[n][r] += __builtin_convertvector(sums[n][r].v, Wider);
    }
    for (int n = 0; n < count; ++n) {
      double each[Pack<D>::lanes];
      std::memcpy(each, totals[n], sizeof(each));
      for (int half = Pack<D>::lanes / 2; half > 0; half /= 2)
        for (int l = 0; l < half; ++l) each[l] += each[l + half];
      state.sums[n] += each[0];
    }
  }

  void write(const Segment& s, T greatest, const Slopes& slopes, const T* kept) const {
    const V pivot(greatest);
    each_step<D>(0, s.count, [&](const auto& at, int64_t i) {
      const auto x = Pack<D>::load(at(s.x));
      Pack<D> u, results;
      if constexpr (has_second) u = Pack<D>::load(at(s.u));
#pragma GCC unroll 4
      for (int r = 0; r < registers; ++r) {
        V d, e;
        if (kept) {
          std::memcpy(&e.v, kept + i + r * V::lanes, sizeof(e.v));
          d = Term::exponent(this->signed_by(Terms::register_of(x, r)), pivot, this->k_);
        } else {
          const Term t = this->term(Terms::register_of(x, r), pivot);
          d = t.d;
          e = t.e;
        }
        results.v[r].v = Terms::image(slopes, d, e, has_second ? Terms::register_of(u, r) : V(0)).v;
      }
      results.store(at(s.image));
    });
  }
};

}  // namespace loops
}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
