// exp, sigmoid and tanh on a register of numbers, within 2 units in the last place: for every float, as is tested, and
// for doubles too, but for tanh where there is no fused multiply-add (2.25 was seen in 10 million).
//
// Denormals are kept, -0 keeps its sign, and NaN stays NaN. All three rest on one split, x = n ln 2 + r with a whole n
// and |r| <= ln 2 / 2, and on one polynomial, e^r = 1 + r + r r q(r); each divides once at most, and none branches.
#pragma once

#include "vec.h"

namespace {

// q's coefficients, the highest power first, make |1 + r + r r q(r) - e^r| / e^r small in |r| <= ln 2 / 2: its largest
// value for floats (by linear programming), its squares at Chebyshev's points for doubles. They were rounded one by one
// from the lowest power on, each time fitting the rest again.
template <class Real>
struct Exponential;

template <>
struct Exponential<float> {  // wrong by 3.1e-9, a twentieth of half a unit in the last place
    static constexpr float q[] = {0x1.6a4f88p-10f, 0x1.123988p-7f, 0x1.5558aep-5f, 0x1.555492p-3f, 0x1.fffffcp-2f};
    static constexpr float log2_e = 1.44269504f;
    static constexpr float ln2_high = 0x1.62e4p-1f, ln2_low = 0x1.7f7d1cp-20f;  // n * ln2_high is exact
    static constexpr float least = -104.0f, most = 89.0f;                      // e^x is 0 before, infinite after
    static constexpr float settled = 30.0f;                                    // tanh is 1 from half of it on
    static constexpr float whole = 0x1.8p23f;                                  // adding it rounds to a whole number
    static constexpr int fraction = 23, bias = 127;
    static constexpr int lift = 32;
};

template <>
struct Exponential<double> {  // wrong by 4.1e-18, a 27th of half a unit
    static constexpr double q[] = {
        0x1.add75c3ccd658p-26, 0x1.28af407b9b09fp-22, 0x1.71deec6e2e7fbp-19, 0x1.a01997c871c33p-16,
        0x1.a01a0144954e2p-13, 0x1.6c16c1852b5b9p-10, 0x1.1111111122b4fp-7,  0x1.55555555502a2p-5,
        0x1.555555555550fp-3,  0x1.000000000000bp-1};
    static constexpr double log2_e = 1.4426950408889634;
    static constexpr double ln2_high = 0x1.62e42feep-1, ln2_low = 0x1.a39ef35793c76p-33;
    static constexpr double least = -746.0, most = 710.0;
    static constexpr double settled = 40.0;
    static constexpr double whole = 0x1.8p52;
    static constexpr int fraction = 52, bias = 1023;
    static constexpr int lift = 60;
};

// x = n ln 2 + r, and scale = 2^(n + lift), for an n + lift that a normal number can have as its exponent.
template <class V>
struct Split {
    V n, r, scale;
};

template <int lift, class V>
inline Split<V> split(V x) {
    using Real = Scalar<V>;
    using E = Exponential<Real>;
    constexpr Real whole = E::whole + (E::bias + lift);
    const V t = x * E::log2_e + whole;
    const V n = t - whole;
    return {n, (x - n * E::ln2_high) - n * E::ln2_low, (V)((IntVec<Real>)t << E::fraction)};
}

template <class V>
inline V q(V r) {
    using E = Exponential<Scalar<V>>;
    V sum = all(E::q[0]);
#pragma GCC unroll 16
    for (unsigned k = 1; k < sizeof E::q / sizeof E::q[0]; ++k) sum = sum * r + E::q[k];
    return sum;
}

// The comparisons are written so that NaN passes.
template <class V>
inline V at_least(Scalar<V> low, V x) {
    return x < low ? all(low) : x;
}

template <class V>
inline V at_most(Scalar<V> high, V x) {
    return x > high ? all(high) : x;
}

template <class V>
inline V exp(V x) {
    using Real = Scalar<V>;
    using E = Exponential<Real>;
    constexpr Real whole = E::whole + E::bias;
    const auto [n, r, scale] = split<0>(at_least<V>(E::least, at_most<V>(E::most, x)));
    // 2^n may be too small or too large for a number although e^x is not: it is applied in two halves.
    const V half = n * Real(0.5) + whole, rest = n - (half - whole) + whole;
    const auto power = [](V v) { return (V)((IntVec<Real>)v << E::fraction); };
    return (1 + (r + r * r * q(r))) * power(half) * power(rest);
}

// With z = e^-|x| and g = z / (1 + z): 1 - g where x >= 0, else z - z g, which is g with the roundings of 1 + z and of
// the quotient made smaller. z is lifted by a power of two until the end, since it may be denormal.
template <class V>
inline V sigmoid(V x) {
    using Real = Scalar<V>;
    using Int = IntVec<Real>;
    using E = Exponential<Real>;
    constexpr Real one = Real(uint64_t(1) << E::lift);
    const V minus = (V)((Int)x | (Int)all(Real(-0.0)));
    const auto [n, r, scale] = split<E::lift>(at_least<V>(E::least, minus));
    const V z = (1 + (r + r * r * q(r))) * scale;
    const V side = x < 0 ? z : all(one);
    return (side - side * (z / (z + one))) * (1 / one);
}

// With h = (e^2|x| - 1) / 2 = 2^(n - 1) (e^r - 1) + 2^(n - 1) - 1/2: h / (1 + h), with the sign of x. With m the lesser
// of h and 1, m - m (m / (1 + h)) is the same with its roundings made smaller: near 1 they would be large in 1 - tanh^2.
template <class V>
inline V tanh(V x) {
    using Real = Scalar<V>;
    using Int = IntVec<Real>;
    using E = Exponential<Real>;
    const Int sign = (Int)x & (Int)all(Real(-0.0));
    const V y = (V)((Int)x ^ sign);
    const auto [n, r, scale] = split<-1>(at_most<V>(E::settled, y + y));
    const V part = scale * r;
    const V h = (part + (scale - Real(0.5))) + part * r * q(r);
    const V m = at_most<V>(1, h);
    return (V)((Int)(m - m * (m / (1 + h))) | sign);
}

}  // namespace
