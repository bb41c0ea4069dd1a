// One moment of a plain RNN for one row, forward beside backward; equations.rnn_step says what it means.
#pragma once

#include "lstm.h"

namespace {

template <class Real>
struct Rnn {
    using V = Vec<Real>;

    static void forward(const Scan<Real>& s, const Scratch<Real>& w, const Row<Real>& r, int64_t from, int64_t to) {
        units<Real>(from, to, s.H, [&](int64_t j, auto n) {
            V h = load(s.u + r.slot * s.H + j, n) + Lstm<Real>::recurrent(s, w, r, 0, j, n);
            // A NaN is not below zero, and stays.
            h = s.cell == rnn_relu ? (h < 0 ? V{} : h) : tanh(h);
            if (s.gates) store(s.gates + r.slot * s.H + j, h, n);
            if (s.zh) {
                const V z = kept(s.zh, s.zh_is_one, r.at * s.H + j, n);
                h = z * load(r.h + j, n) + (1 - z) * h;
            }
            store(s.y + r.at * s.H + j, h, n);
        });
    }

    static void backward(const Scan<Real>& s, const Scratch<Real>& w, const Row<Real>& r, const Sums<Real>&,
                         int64_t from, int64_t to) {
        units<Real>(from, to, s.H, [&](int64_t j, auto n) {
            const V h = load(s.gates + r.slot * s.H + j, n);
            V d = Lstm<Real>::into(s, w, r, j, n);
            if (s.dgates) d += load(s.dgates + r.at * s.H + j, n);
            // A NaN is not below zero here either.
            d = s.cell == rnn_relu ? (h <= 0 ? V{} : d) : d * (1 - h * h);
            store(s.du + r.slot * s.H + j, d, n);
            if (s.da != s.du) store(s.da + r.slot * s.H + j, d, n);
        });
    }
};

}  // namespace
