// SPDX-License-Identifier: Apache-2.0
// Compiled once per instruction set.
#include "rational.h"

#include "rational_point.h"

namespace smoothact {
inline namespace SMOOTHACT_ISA {
namespace loops {
namespace {

template <DType D>
inline constexpr int64_t pack_bytes = Pack<D>::lanes * sizeof(Element<D>);

// What lies past the last whole pack is padded with zeros.
template <DType D>
struct Rest {
  char bytes[pack_bytes<D>] = {};

  Rest(const char* p, int64_t count) { std::memcpy(bytes, p, count * sizeof(Element<D>)); }
};

template <DType D>
struct ValueLoop {
  const Rational<D> of;

  SMOOTHACT_FN void step(const char* x, char* y) const {
    const auto loaded = Pack<D>::load(x);
    if (of.has_far(loaded))
      RationalPoint<D, true>(of, loaded).f().store(y);
    else
      RationalPoint<D, false>(of, loaded).f().store(y);
  }
  void run(const char* x, char* y, int64_t count) const {
    constexpr int64_t bytes = pack_bytes<D>;
    for (; count >= Pack<D>::lanes; count -= Pack<D>::lanes, x += bytes, y += bytes) step(x, y);
    if (count == 0) return;
    Rest<D> last(x, count);
    step(last.bytes, last.bytes);
    std::memcpy(y, last.bytes, count * sizeof(Element<D>));
  }
};

template <DType D>
class GradientsLoop {
  using T = typename Storage<D>::Compute;
  static constexpr int64_t lanes = Vector<D>::lanes, packs_together = 8;  // whose sums are not yet double

  const Rational<D> of_;
  double* const sums_;
  T* const narrow_;
  double* const wide_;
  int packs_ = 0;

 public:
  GradientsLoop(const cpu::RationalCall& call, double* sums, char* scratch)
      : of_(call),
        sums_(sums),
        narrow_(reinterpret_cast<T*>(scratch)),
        wide_(reinterpret_cast<double*>(scratch + coefficients() * lanes * sizeof(T))) {
    if (sums) std::memset(scratch, 0, coefficients() * lanes * (sizeof(T) + sizeof(double)));
  }

  void run(const char* grad, const char* x, char* grad_x, int64_t count) {
    constexpr int64_t bytes = pack_bytes<D>;
    for (; count >= Pack<D>::lanes; count -= Pack<D>::lanes, grad += bytes, x += bytes) {
      step(grad, x, grad_x, nullptr);
      if (grad_x) grad_x += bytes;
    }
    if (count > 0) {
      Rest<D> last_grad(grad, count), last_x(x, count);
      Element<D> ones[Pack<D>::lanes];  // what is positive, in elements of whatever type
      std::memset(ones, 0x3c, count * sizeof(Element<D>));
      const auto counted = Pack<D>::load(Rest<D>(reinterpret_cast<char*>(ones), count).bytes);
      step(last_grad.bytes, last_x.bytes, last_grad.bytes, &counted);
      if (grad_x) std::memcpy(grad_x, last_grad.bytes, count * sizeof(Element<D>));
    }
    if (sums_) finish();
  }

 private:
  int64_t coefficients() const { return of_.numerators + of_.denominators; }

  SMOOTHACT_FN void step(const char* grad, const char* x, char* grad_x, const Pack<D>* counted) {
    const auto loaded = Pack<D>::load(x), g = Pack<D>::load(grad);
    if (of_.has_far(loaded))
      take(RationalSlope<D, true>(of_, loaded), g, grad_x, counted);
    else
      take(RationalSlope<D, false>(of_, loaded), g, grad_x, counted);
    if (sums_ && ++packs_ == packs_together) widen();
  }
  template <class Slope>
  SMOOTHACT_FN void take(const Slope& slope, const Pack<D>& grad, char* grad_x, const Pack<D>* counted) {
    if (grad_x) slope.times(grad).store(grad_x);
    if (sums_) slope.add(grad, counted, narrow_);
  }
  void widen() {
    for (int64_t i = 0; i < coefficients() * lanes; ++i) {
      wide_[i] += static_cast<double>(narrow_[i]);
      narrow_[i] = 0;
    }
    packs_ = 0;
  }
  void finish() {
    widen();
    double* w = wide_;
    for (int64_t i = 0; i < coefficients(); ++i, w += lanes) {
      for (int64_t half = lanes / 2; half > 0; half /= 2)
        for (int64_t l = 0; l < half; ++l) w[l] += w[l + half];
      sums_[i] += w[0];
    }
  }
};

template <DType D>
void value(const cpu::RationalCall& call, const char* x, char* y, int64_t count) {
  ValueLoop<D>{Rational<D>(call)}.run(x, y, count);
}
template <DType D>
void gradients(const cpu::RationalCall& call, const char* grad, const char* x, char* grad_x, double* sums,
               char* scratch, int64_t count) {
  GradientsLoop<D>(call, sums, scratch).run(grad, x, grad_x, count);
}

template <DType D>
bool add_type() {
  cpu::add_rational(cpu::Isa::SMOOTHACT_ISA, D, &value<D>, &gradients<D>);
  return true;
}
const bool added =
    add_type<DType::f64>() && add_type<DType::f32>() && add_type<DType::bf16>() && add_type<DType::f16>();

}  // namespace
}  // namespace loops
}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
