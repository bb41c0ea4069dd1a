// Vec<Real>: one register's worth of numbers, in the compiler's own vector type, so that one source serves every width.
//
// Each unit (plain.cpp, avx2.cpp, avx512.cpp) includes the kernel in an unnamed namespace of its own, with
// GATEWORK_BYTES, the width of a register, set before. Nothing here is seen outside of that unit.
#pragma once

#include <cstdint>
#include <cstring>
#include <type_traits>
#include <utility>

namespace {

template <class Real>
struct Lanes;

template <>
struct Lanes<float> {
    static constexpr int n = GATEWORK_BYTES / sizeof(float);
    typedef float Vec __attribute__((vector_size(GATEWORK_BYTES)));
    typedef int32_t Int __attribute__((vector_size(GATEWORK_BYTES)));
};

template <>
struct Lanes<double> {
    static constexpr int n = GATEWORK_BYTES / sizeof(double);
    typedef double Vec __attribute__((vector_size(GATEWORK_BYTES)));
    typedef int64_t Int __attribute__((vector_size(GATEWORK_BYTES)));
};

template <class Real>
using Vec = typename Lanes<Real>::Vec;

template <class Real>
using IntVec = typename Lanes<Real>::Int;

template <class Real>
constexpr int lanes = Lanes<Real>::n;

template <class Real>
inline Vec<Real> all(Real x) {  // every lane holds x
    return x - Vec<Real>{};
}

template <class Real>
inline Vec<Real> load(const Real* from) {  // from need not be aligned
    Vec<Real> v;
    std::memcpy(&v, from, sizeof v);
    return v;
}

template <class Real>
inline void store(Real* to, Vec<Real> v) {
    std::memcpy(to, &v, sizeof v);
}

// The first `n` numbers only: the others are zero, and nothing past them is read or written.
template <class Real>
inline Vec<Real> load(const Real* from, int64_t n) {
    if (n >= lanes<Real>) return load(from);
    Real part[lanes<Real>] = {};
    for (int64_t k = 0; k < n; ++k) part[k] = from[k];
    return load(part);
}

template <class Real>
inline void store(Real* to, Vec<Real> v, int64_t n) {
    if (n >= lanes<Real>) return store(to, v);
    Real part[lanes<Real>];
    store(part, v);
    for (int64_t k = 0; k < n; ++k) to[k] = part[k];
}

template <class V>
using Scalar = std::remove_reference_t<decltype(std::declval<V&>()[0])>;

template <class V>
inline Scalar<V> sum(V v) {  // in a fixed order
    Scalar<V> part[lanes<Scalar<V>>];
    store(part, v);
    for (int width = lanes<Scalar<V>> / 2; width > 0; width /= 2)
        for (int k = 0; k < width; ++k) part[k] += part[k + width];
    return part[0];
}

}  // namespace
