// SPDX-License-Identifier: Apache-2.0
// M(t)/sqrt(2 pi) = 2^k (1 + d), M = Q/phi Mills' ratio of the normal tail, on [0, 14.7]: d as polynomials on sixteen
// segments, one register to a coefficient. A fraction that covers the whole range takes a division and twice the
// operations. tools/fit/mills_table.py makes the numbers. Not on the device, where registers cannot be indexed.
#pragma once

#include "simd.h"

#if !defined(__CUDACC__)
namespace smoothact {
inline namespace SMOOTHACT_ISA {
namespace math::detail {

alignas(64) inline constexpr float mills_segments[2][16] = {
    // centre
    {0x1p-3f, 0x1.8p-2f, 0x1.4p-1f, 0x1.cp-1f, 0x1.4p0f, 0x1.cp0f, 0x1.2p1f, 0x1.6p1f, 0x1.cp1f, 0x1.2p2f, 0x1.6p2f,
     0x1.ap2f, 0x1p3f, 0x1.4p3f, 0x1.8p3f, 0x1.cp3f},
    // power
    {-0x1p0f, -0x1p0f, -0x1p1f, -0x1p1f, -0x1p1f, -0x1p1f, -0x1.8p1f, -0x1.8p1f, -0x1.8p1f, -0x1.8p1f, -0x1p2f, -0x1p2f,
     -0x1p2f, -0x1.4p2f, -0x1.4p2f, -0x1.4p2f},
};
// of the powers of the distance from the centre
alignas(64) inline constexpr float mills_polynomials[7][16] = {
    // of power 0
    {-0x1.7a86a4p-4f, -0x1.ed23e8p-3f, 0x1.2c7784p-2f, 0x1.e7c2d2p-4f, -0x1.3b391p-4f, -0x1.094a86p-2f, 0x1.d56efp-3f,
     0x1.772d1ap-5f, -0x1.31a418p-3f, -0x1.494a66p-2f, 0x1.00fd4ap-3f, -0x1.45a01ap-5f, -0x1.b65a38p-3f, 0x1.0e8e2cp-2f,
     0x1.cfb9a4p-5f, -0x1.7bc294p-4f},
    // of power 1
    {-0x1.5e6e6ep-1f, -0x1.06bfb2p-1f, -0x1.93234cp-1f, -0x1.3baf58p-1f, -0x1.c49322p-2f, -0x1.3253b6p-2f,
     -0x1.b405ccp-2f, -0x1.432b1ap-2f, -0x1.b6038cp-3f, -0x1.1be2c6p-3f, -0x1.8b1956p-3f, -0x1.21ae92p-3f,
     -0x1.86b846p-4f, -0x1.fbf2dp-4f, -0x1.63cfc8p-4f, -0x1.06cdbep-4f},
    // of power 2
    {0x1.a4e1dap-2f, 0x1.222ecap-2f, 0x1.9a46e2p-2f, 0x1.28bf26p-2f, 0x1.7b79ep-3f, 0x1.bd46bp-4f, 0x1.15aa32p-3f,
     0x1.6c5e24p-4f, 0x1.a29e9cp-5f, 0x1.bfbbd8p-6f, 0x1.07e38p-5f, 0x1.4ea4eep-6f, 0x1.76262ap-7f, 0x1.8af1cep-7f,
     0x1.d0fb5p-8f, 0x1.27e7bep-8f},
    // of power 3
    {-0x1.b02a14p-3f, -0x1.15c5dp-3f, -0x1.6e9526p-3f, -0x1.ef9bdap-4f, -0x1.1f3264p-4f, -0x1.29633p-5f,
     -0x1.49babep-5f, -0x1.8388b2p-6f, -0x1.7e7accp-7f, -0x1.55b892p-8f, -0x1.57fc94p-8f, -0x1.7b5feep-9f,
     -0x1.617ecep-10f, -0x1.30521p-10f, -0x1.2ddec6p-11f, -0x1.4b95e2p-12f},
    // of power 4
    {0x1.88e762p-4f, 0x1.dda99ap-5f, 0x1.255d0ep-4f, 0x1.77c3ccp-5f, 0x1.8fe58p-6f, 0x1.71657cp-7f, 0x1.713888p-7f,
     0x1.87edb2p-8f, 0x1.4fe642p-9f, 0x1.f94eaep-11f, 0x1.b7136ep-11f, 0x1.a6aa1ap-12f, 0x1.499d6ap-13f, 0x1.d15a6p-14f,
     0x1.85900ep-15f, 0x1.7238c4p-16f},
    // of power 5
    {-0x1.479194p-5f, -0x1.7a9302p-6f, -0x1.b313a6p-6f, -0x1.0bbc2cp-6f, -0x1.05bd48p-7f, -0x1.b38dc2p-9f,
     -0x1.89231p-9f, -0x1.7e589p-10f, -0x1.20a214p-11f, -0x1.70ff0ep-13f, -0x1.140a74p-13f, -0x1.d0a7ecp-15f,
     -0x1.362102p-16f, -0x1.64d1c2p-17f, -0x1.f794fap-19f, -0x1.979c3cp-20f},
    // of power 6
    {0x1.864d15p-6f, 0x1.a55e6p-10f, 0x1.ee0fa7p-6f, 0x1.31a477p-7f, 0x1.42231ep-9f, 0x1.262bf3p-10f, 0x1.4c1502p-11f,
     0x1.3f3836p-12f, 0x1.c7bd26p-14f, 0x1.23cbfp-15f, 0x1.14f0eap-16f, 0x1.d4363p-18f, 0x1.1f3a6ap-19f,
     0x1.f71b54p-21f, 0x1.3b50ecp-22f, 0x1.bedddcp-24f},
};

template <class V>
struct MillsSegment {
  V d, k;

  // For 0 <= t <= 14.6. The last exponent bits of 2 + 2t and the first of its mantissa count the segments.
  SMOOTHACT_FN explicit MillsSegment(V t) {
    const V v = 1 + t;
    const auto segment = shift_right(v + v, 21);
    if (first_half<V>(segment))
      find<8>(t, segment);
    else
      find<16>(t, segment);
  }

 private:
  template <int Entries, class I>
  SMOOTHACT_FN void find(V t, I segment) {
    const auto entry = [&](const float(&table)[16]) { return lookup<V, Entries>(table, segment); };
    const V h = t - entry(mills_segments[0]);
    k = entry(mills_segments[1]);
    d = entry(mills_polynomials[6]);
    for (int i = 5; i >= 0; --i) d = fma(h, d, entry(mills_polynomials[i]));
  }
};

}  // namespace math::detail
}  // namespace SMOOTHACT_ISA
}  // namespace smoothact
#endif
