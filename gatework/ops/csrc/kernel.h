// The kernel's two doors for one set of instructions: room made, weights packed, threads sent, sums brought together.
#pragma once

#include "scan.h"

namespace {

template <class Real>
void furnish(const Scan<Real>& s, Scratch<Real>& w, bool back, bool packs, int64_t threads) {
    w.G = s.K * s.H;
    w.Hp = panels<Real>(s.H) * panel<Real>;
    w.Sp = panels<Real>(s.S) * panel<Real>;
    bool& ran_out = w.ran_out;
    w.zeros.make_zero(w.Hp > w.Sp ? w.Hp : w.Sp, ran_out);
    if (packs) w.R.make(back ? w.G * w.Sp : s.S * s.K * w.Hp, ran_out);
    if (s.P) w.P.make(back ? s.S * w.Hp : s.H * w.Sp, ran_out);
    if (!back) w.a.make(s.B * s.K * w.Hp, ran_out);
    if (!back && s.m) w.masked.make(s.B * s.S, ran_out);
    if (back || s.P) w.dh.make(s.B * w.Sp, ran_out);
    if (back) w.dc.make(s.B * w.Hp, ran_out);
    if (back && (s.m || s.zh || s.cell == gru)) w.back.make(s.B * w.Sp, ran_out);
    if (s.P) w.q.make(s.B * w.Hp, ran_out);
    if (s.norm_c_weight) {
        w.c.make(s.B * w.Hp, ran_out);
        w.o.make(s.B * w.Hp, ran_out);
        if (back) w.hat.make(s.B * w.Hp, ran_out);
    }
    w.rows.make(threads * s.B, ran_out);
    w.from.make(threads * s.B, ran_out);
    w.to.make(threads * s.B, ran_out);
    if (back) w.sums.make_zero(threads * (2 * w.G + 6 * s.H), ran_out);
}

template <class Real>
Sums<Real> sums_of(const Scan<Real>& s, const Scratch<Real>& w, int64_t rank) {
    Real* at = w.sums + rank * (2 * w.G + 6 * s.H);
    Real* rest = at + 2 * w.G;
    return {rest, at, at + w.G, rest + 3 * s.H, rest + 4 * s.H, rest + 5 * s.H};
}

// Adds every thread's sums, in order.
template <class Real>
void gather_sums(const Scan<Real>& s, const Scratch<Real>& w, int64_t threads) {
    const auto add = [&](Real* to, Real* Sums<Real>::*which, int64_t count) {
        if (!to) return;
        fill(to, count);
        for (int64_t rank = 0; rank < threads; ++rank) {
            const Real* from = sums_of(s, w, rank).*which;
            for (int64_t k = 0; k < count; ++k) to[k] += from[k];
        }
    };
    add(s.dp, &Sums<Real>::p, (s.K - 1) * s.H);
    add(s.dnorm_weight, &Sums<Real>::norm_weight, w.G);
    add(s.dnorm_bias, &Sums<Real>::norm_bias, w.G);
    add(s.dnorm_c_weight, &Sums<Real>::norm_c_weight, s.H);
    add(s.dnorm_c_bias, &Sums<Real>::norm_c_bias, s.H);
    add(s.db, &Sums<Real>::b, s.H);
}

template <class Real>
void pack_forward(const Scan<Real>& s, Scratch<Real>& w, int64_t rank, int64_t size) {
    const int64_t units = panels<Real>(s.H), narrow = panels<Real>(s.S);
    if (w.R) pack_transposed<Real>(s.R, s.S, s.H, s.K, cut(units, rank, size), cut(units, rank + 1, size), w.R);
    if (s.P) pack_transposed<Real>(s.P, s.H, s.S, 1, cut(narrow, rank, size), cut(narrow, rank + 1, size), w.P);
}

template <class Real>
void pack_backward(const Scan<Real>& s, Scratch<Real>& w, int64_t rank, int64_t size) {
    const int64_t units = panels<Real>(s.H), narrow = panels<Real>(s.S);
    if (w.R) pack<Real>(s.R, w.G, s.S, cut(narrow, rank, size), cut(narrow, rank + 1, size), w.R);
    if (s.P) pack<Real>(s.P, s.S, s.H, cut(units, rank, size), cut(units, rank + 1, size), w.P);
}

template <class Real, bool back>
bool run(const Scan<Real>& s) {
    const int64_t threads = worth(s);
    Scratch<Real> w;
    furnish(s, w, back, s.T > 1 || (back ? s.dh0 || s.dfresh_h : s.B > 4), threads);
    if (w.ran_out) return false;
    if (back && s.dfresh_h) fill(s.dfresh_h, s.B * s.S);
    if (back && s.dfresh_c) fill(s.dfresh_c, s.B * s.H);
    Meeting meeting;
    in_threads(threads, [&](int rank, int size) {
        const int64_t mine = rank * s.B;
        Hand<Real> hand{s, w, part(s, rank, size), meeting, back ? sums_of(s, w, rank) : Sums<Real>{},
                        w.rows + mine, w.from + mine, w.to + mine};
        back ? pack_backward(s, w, rank, size) : pack_forward(s, w, rank, size);
        meeting.of(size);
        const auto go = [&](auto cell) {
            using Cell = decltype(cell);
            if constexpr (back)
                backward<Cell, Real>(hand);
            else
                forward<Cell, Real>(hand);
        };
        if (s.cell == lstm)
            go(Lstm<Real>{});
        else if (s.cell == gru)
            go(Gru<Real>{});
        else
            go(Rnn<Real>{});
    });
    if (back) gather_sums(s, w, threads);
    return true;
}

}  // namespace
