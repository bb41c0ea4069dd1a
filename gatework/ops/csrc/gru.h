// One moment of a GRU for one row, forward beside backward; equations.gru_step says what it means.
#pragma once

#include "lstm.h"

namespace {

template <class Real>
struct Gru {
    using V = Vec<Real>;

    static void forward(const Scan<Real>& s, const Scratch<Real>& w, const Row<Real>& r, int64_t from, int64_t to) {
        const int64_t H = s.H;
        const Real* u = s.u + r.slot * w.G;
        units<Real>(from, to, H, [&](int64_t j, auto n) {
            const V reset = sigmoid(load(u + j, n) + Lstm<Real>::recurrent(s, w, r, 0, j, n));
            const V update = sigmoid(load(u + H + j, n) + Lstm<Real>::recurrent(s, w, r, 1, j, n));
            V inner = Lstm<Real>::recurrent(s, w, r, 2, j, n);
            if (s.b) inner += load(s.b + j, n);
            const V next = tanh(load(u + 2 * H + j, n) + reset * inner);
            if (s.gates) {
                Real* gates = s.gates + r.slot * w.G + j;
                store(gates, reset, n);
                store(gates + H, update, n);
                store(gates + 2 * H, next, n);
                store(s.inner + r.slot * H + j, inner, n);
            }
            const V old = load(r.h + j, n);
            V h = (1 - update) * next + update * old;
            if (s.zh) {
                const V z = kept(s.zh, s.zh_is_one, r.at * H + j, n);
                h = z * old + (1 - z) * h;
            }
            store(s.y + r.at * H + j, h, n);
        });
    }

    static void backward(const Scan<Real>& s, const Scratch<Real>& w, const Row<Real>& r, const Sums<Real>& sums,
                         int64_t from, int64_t to) {
        const int64_t H = s.H;
        units<Real>(from, to, H, [&](int64_t j, auto n) {
            const Real* gates = s.gates + r.slot * w.G + j;
            const V reset = load(gates, n), update = load(gates + H, n), next = load(gates + 2 * H, n);
            const V d = Lstm<Real>::into(s, w, r, j, n);
            V dreset{}, dupdate = d * (load(r.h + j, n) - next), dnext = d * (1 - update);
            if (s.dgates) {
                const Real* dgates = s.dgates + r.at * w.G + j;
                dreset += load(dgates, n);
                dupdate += load(dgates + H, n);
                dnext += load(dgates + 2 * H, n);
            }
            dnext *= 1 - next * next;
            dreset = (dreset + dnext * load(s.inner + r.slot * H + j, n)) * reset * (1 - reset);
            dupdate *= update * (1 - update);
            const V dinner = dnext * reset;
            if (s.b) store(sums.b + j, load(sums.b + j, n) + dinner, n);
            // h's own way back, past the gates; with zoneout on top of what zoneout keeps.
            Real* dh = w.dh + r.b * w.Sp + j;
            store(dh, s.zh ? load(dh, n) + d * update : d * update, n);
            Real* du = s.du + r.slot * w.G + j;
            store(du, dreset, n);
            store(du + H, dupdate, n);
            store(du + 2 * H, dnext, n);
            Real* da = s.da + r.slot * w.G + j;
            store(da, dreset, n);
            store(da + H, dupdate, n);
            store(da + 2 * H, dinner, n);
        });
    }
};

}  // namespace
