// One moment of an LSTM for one row, forward beside backward; equations.step says what it means.
#pragma once

#include "norm.h"

namespace {

template <class Real>
struct Lstm {
    using V = Vec<Real>;

    // R h of one gate, normalised where there is a norm.
    template <class N>
    static V recurrent(const Scan<Real>& s, const Scratch<Real>& w, const Row<Real>& r, int64_t kind, int64_t j, N n) {
        V a = load(w.a + r.b * s.K * w.Hp + place<Real>(j, kind, s.K), n);
        if (s.norm_weight) {
            a = (a - r.mean) * r.scale;
            const int64_t k = kind * s.H + j;
            if (s.normed) store(s.normed + r.slot * w.G + k, a, n);
            a = a * load(s.norm_weight + k, n) + load(s.norm_bias + k, n);
        }
        return a;
    }

    static V clipped(const Scan<Real>& s, V c) {
        const V top = all(static_cast<Real>(s.clip));
        c = c > top ? top : c;
        return c < -top ? -top : c;
    }

    // The gates and c; h too, but where more comes before it.
    static void forward(const Scan<Real>& s, const Scratch<Real>& w, const Row<Real>& r, int64_t from, int64_t to) {
        const int64_t H = s.H, last = s.K - 1;
        const Real* u = s.u + r.slot * w.G;
        Real* gates = s.gates ? s.gates + r.slot * w.G : nullptr;
        Real* c_out = s.cells ? s.cells + r.slot * H : s.c_n + r.b * H;
        units<Real>(from, to, H, [&](int64_t j, auto n) {
            const auto pre = [&](int64_t kind) { return load(u + kind * H + j, n) + recurrent(s, w, r, kind, j, n); };
            const V old = load(r.c + j, n);
            V i = pre(0), f{}, g = tanh(pre(s.coupled ? 1 : 2)), o = pre(last);
            if (s.p) i += load(s.p + j, n) * old;
            i = sigmoid(i);
            if (s.coupled) {
                f = 1 - i;
            } else {
                f = pre(1);
                if (s.p) f += load(s.p + H + j, n) * old;
                f = sigmoid(f);
            }
            V c = f * old + i * g;
            if (s.clip > 0) c = clipped(s, c);
            if (s.p) o += load(s.p + (last - 1) * H + j, n) * c;
            o = sigmoid(o);
            if (gates) {
                store(gates + j, i, n);
                if (!s.coupled) store(gates + H + j, f, n);
                store(gates + (last - 1) * H + j, g, n);
                store(gates + last * H + j, o, n);
            }
            if (s.norm_c_weight) {
                store(w.c + r.b * w.Hp + j, c, n);
                store(w.o + r.b * w.Hp + j, o, n);
            } else {
                hidden(s, w, r, j, n, o, c);
            }
            if (s.zc) {
                const V z = kept(s.zc, s.zc_is_one, r.at * H + j, n);
                c = z * old + (1 - z) * c;
            }
            store(c_out + j, c, n);
        });
    }

    // h of a c that waited for its row's mean and deviation.
    static void finish(const Scan<Real>& s, const Scratch<Real>& w, const Row<Real>& r, int64_t from, int64_t to) {
        units<Real>(from, to, s.H, [&](int64_t j, auto n) {
            V c = (load(w.c + r.b * w.Hp + j, n) - r.mean) * r.scale;
            c = c * load(s.norm_c_weight + j, n) + load(s.norm_c_bias + j, n);
            hidden(s, w, r, j, n, load(w.o + r.b * w.Hp + j, n), c);
        });
    }

    template <class N>
    static void hidden(const Scan<Real>& s, const Scratch<Real>& w, const Row<Real>& r, int64_t j, N n, V o, V c) {
        V h = o * tanh(c);
        if (s.P) return store(w.q + r.b * w.Hp + j, h, n);
        if (s.zh) {
            const V z = kept(s.zh, s.zh_is_one, r.at * s.S + j, n);
            h = z * load(r.h + j, n) + (1 - z) * h;
        }
        store(s.y + r.at * s.S + j, h, n);
    }

    // c before zoneout, as forward had it; `held` where the clip let it be.
    struct Before {
        V i, f, g, o, old, c;
        IntVec<Real> held;
    };

    template <class N>
    static Before recall(const Scan<Real>& s, const Scratch<Real>& w, const Row<Real>& r, int64_t j, N n) {
        const Real* gates = s.gates + r.slot * w.G + j;
        Before x;
        x.i = load(gates, n);
        x.f = s.coupled ? 1 - x.i : load(gates + s.H, n);
        x.g = load(gates + (s.K - 2) * s.H, n);
        x.o = load(gates + (s.K - 1) * s.H, n);
        x.old = load(r.c + j, n);
        x.c = x.f * x.old + x.i * x.g;
        const V whole = x.c;
        if (s.clip > 0) x.c = clipped(s, x.c);
        x.held = whole == x.c;
        return x;
    }

    // What flows into h's own product o * tanh(c), when all that flows into y is known.
    template <class N>
    static V into(const Scan<Real>& s, const Scratch<Real>& w, const Row<Real>& r, int64_t j, N n) {
        if (s.P) return load(w.q + r.b * w.Hp + j, n);
        Real* dh = w.dh + r.b * w.Sp + j;
        V d = load(dh, n);
        if (s.dy) d += load(s.dy + r.at * s.S + j, n);
        if (s.zh) {
            const V z = kept(s.zh, s.zh_is_one, r.at * s.S + j, n);
            store(dh, z * d, n);
            d *= 1 - z;
        }
        return d;
    }

    // Back from h to the normalised c, for a row whose sums must be known before it goes on.
    static void unfinish(const Scan<Real>& s, const Scratch<Real>& w, const Row<Real>& r, int64_t from, int64_t to) {
        const Real mean = s.stats_c[2 * r.slot], scale = s.stats_c[2 * r.slot + 1];
        units<Real>(from, to, s.H, [&](int64_t j, auto n) {
            const Before x = recall(s, w, r, j, n);
            const V hat = (x.c - mean) * scale;
            const V t = tanh(hat * load(s.norm_c_weight + j, n) + load(s.norm_c_bias + j, n));
            const V d = into(s, w, r, j, n);
            if (s.P) store(s.projected + r.slot * s.H + j, x.o * t, n);
            store(w.hat + r.b * w.Hp + j, hat, n);
            store(w.o + r.b * w.Hp + j, d * t, n);
            store(w.c + r.b * w.Hp + j, d * x.o * (1 - t * t), n);
        });
    }

    static void backward(const Scan<Real>& s, const Scratch<Real>& w, const Row<Real>& r, const Sums<Real>& sums,
                         int64_t from, int64_t to) {
        const int64_t H = s.H, last = s.K - 1;
        Real* du = s.du + r.slot * w.G;
        Real* da = s.da + r.slot * w.G;
        const Real* dgates = s.dgates ? s.dgates + r.at * w.G : nullptr;
        Real mean = 0, slope = 0;
        if (s.norm_c_weight) back_sums<Real>(w.c + r.b * w.Hp, s.norm_c_weight, w.hat + r.b * w.Hp, H, mean, slope);
        units<Real>(from, to, H, [&](int64_t j, auto n) {
            const Before x = recall(s, w, r, j, n);
            V d_o, dc;
            if (s.norm_c_weight) {
                d_o = load(w.o + r.b * w.Hp + j, n);
                dc = back(w.c + r.b * w.Hp + j, s.norm_c_weight + j, w.hat + r.b * w.Hp + j, s.stats_c[2 * r.slot + 1],
                          mean, slope, sums.norm_c_weight + j, sums.norm_c_bias + j, n);
            } else {
                const V t = tanh(x.c), d = into(s, w, r, j, n);
                if (s.P) store(s.projected + r.slot * H + j, x.o * t, n);
                d_o = d * t;
                dc = d * x.o * (1 - t * t);
            }
            if (dgates) d_o += load(dgates + last * H + j, n);
            d_o *= x.o * (1 - x.o);
            V after = load(w.dc + r.b * w.Hp + j, n), before{};
            if (s.dcells) after += load(s.dcells + r.at * H + j, n);
            if (s.zc) {
                const V z = kept(s.zc, s.zc_is_one, r.at * H + j, n);
                before = z * after;
                after *= 1 - z;
            }
            dc += after;
            if (s.p) {
                dc += d_o * load(s.p + (last - 1) * H + j, n);
                Real* dp = sums.p + (last - 1) * H + j;
                store(dp, load(dp, n) + d_o * x.c, n);
            }
            if (s.clip > 0) dc = x.held ? dc : V{};
            before += dc * x.f;
            V di = dc * x.g, df = dc * x.old, dg = dc * x.i;
            if (dgates) {
                di += load(dgates + j, n);
                if (!s.coupled) df += load(dgates + H + j, n);
                dg += load(dgates + (last - 1) * H + j, n);
            }
            if (s.coupled) {
                di -= df;
            } else {
                df *= x.f * (1 - x.f);
            }
            di *= x.i * (1 - x.i);
            dg *= 1 - x.g * x.g;
            if (s.p) {
                before += di * load(s.p + j, n);
                store(sums.p + j, load(sums.p + j, n) + di * x.old, n);
                if (!s.coupled) {
                    before += df * load(s.p + H + j, n);
                    store(sums.p + H + j, load(sums.p + H + j, n) + df * x.old, n);
                }
            }
            store(w.dc + r.b * w.Hp + j, before, n);
            const auto give = [&](Real* to) {
                store(to + j, di, n);
                if (!s.coupled) store(to + H + j, df, n);
                store(to + (last - 1) * H + j, dg, n);
                store(to + last * H + j, d_o, n);
            };
            give(du);
            if (da != du) give(da);
        });
    }
};

}  // namespace
