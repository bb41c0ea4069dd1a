// Layer normalisation of a row (Ba, Kiros & Hinton, 2016), forward beside backward.
#pragma once

#include <cmath>

#include "moment.h"

namespace {

// Mean and 1 / deviation of a row of packed panels, `kinds` gates of `width` units.
template <class Real>
void stats(const Real* a, int64_t kinds, int64_t width, Real& mean, Real& scale) {
    const Real count = static_cast<Real>(kinds * width);
    const auto total = [&](auto of) {
        Vec<Real> most[4] = {};  // a sum for each kind, none of which waits for another
        Real rest = 0;
        units<Real>(0, panels<Real>(width), width, [&](int64_t j, auto n) {
            for (int64_t kind = 0; kind < kinds; ++kind) {
                const Real* from = a + place<Real>(j, kind, kinds);
                if (n == lanes<Real>)
                    most[kind] += of(load(from));
                else
                    for (int64_t k = 0; k < n; ++k) rest += of(from[k]);
            }
        });
        return sum((most[0] + most[1]) + (most[2] + most[3])) + rest;
    };
    mean = total([](auto x) { return x; }) / count;
    const Real middle = mean;
    scale = 1 / std::sqrt(total([=](auto x) { return (x - middle) * (x - middle); }) / count + Real(1e-5));
}

// Two sums over a row that its way back needs: of d * weight, and of d * weight * hat, d the gradient of what came out.
// d, weight and hat lie gate after gate, as in torch.
template <class Real>
void back_sums(const Real* d, const Real* weight, const Real* hat, int64_t count, Real& mean, Real& slope) {
    constexpr int64_t V = lanes<Real>;
    constexpr int64_t many = 4;  // sums under way at once
    Vec<Real> plain[many] = {}, along[many] = {};
    Real first = 0, second = 0;
    int64_t k = 0;
    const auto add = [&](int64_t which) {
        const Vec<Real> x = load(d + k) * load(weight + k);
        plain[which] += x;
        along[which] += x * load(hat + k);
        k += V;
    };
    while (k + many * V <= count)
        for (int64_t which = 0; which < many; ++which) add(which);
    while (k + V <= count) add(0);
    for (; k < count; ++k) {
        first += d[k] * weight[k];
        second += d[k] * weight[k] * hat[k];
    }
    mean = (sum((plain[0] + plain[1]) + (plain[2] + plain[3])) + first) / static_cast<Real>(count);
    slope = (sum((along[0] + along[1]) + (along[2] + along[3])) + second) / static_cast<Real>(count);
}

// The gradient of what went in, given those sums; adds what the gain and the shift learn.
template <class Real, class N>
Vec<Real> back(const Real* d, const Real* weight, const Real* hat, Real scale, Real mean, Real slope, Real* dweight,
               Real* dbias, N n) {
    const Vec<Real> out = load(d, n), x = load(hat, n);
    store(dweight, load(dweight, n) + out * x, n);
    store(dbias, load(dbias, n) + out, n);
    return scale * (out * load(weight, n) - mean - x * slope);
}

}  // namespace
