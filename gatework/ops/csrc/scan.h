// A cell over time, forward beside backward: rows that end early, memories that begin anew, threads that share the work.
#pragma once

#include "gru.h"
#include "rnn.h"
#include "threads.h"

namespace {

template <class Real>
bool lives(const Scan<Real>& s, int64_t t, int64_t b) {
    return !s.lengths || t < s.lengths[b];
}

template <class Real>
int64_t slot_of(const Scan<Real>& s, int64_t at) {
    return s.slots ? s.slots[at] : at;
}

// The memory before step t of row b.
template <class Real>
Row<Real> row(const Scan<Real>& s, const Scratch<Real>& w, int64_t t, int64_t b) {
    const int64_t at = t * s.B + b, slot = slot_of(s, at);
    const bool first = s.reverse ? t + 1 == s.T || !lives(s, t + 1, b) : t == 0;
    // In reverse an episode's last step comes first, and its memory begins anew there.
    const bool again = s.reset && (s.reverse ? !first && s.reset[at + s.B] : s.reset[at]);
    if (again)
        return {b, at, slot, s.fresh_h ? s.fresh_h + b * s.S : w.zeros, s.fresh_c ? s.fresh_c + b * s.H : w.zeros,
                Origin::fresh, 0, 0};
    const bool one = s.cell != lstm;  // one memory
    if (first) return {b, at, slot, s.h0 + b * s.S, one ? nullptr : s.c0 + b * s.H, Origin::given, 0, 0};
    const int64_t before = at + (s.reverse ? s.B : -s.B);
    const Real* c = one ? nullptr : s.cells ? s.cells + slot_of(s, before) * s.H : s.c_n + b * s.H;
    return {b, at, slot, s.y + before * s.S, c, Origin::carried, 0, 0};
}

// What one thread keeps while it goes: the rows that live at this moment, and where a product reads and writes them.
template <class Real>
struct Hand {
    const Scan<Real>& s;
    Scratch<Real>& w;
    Part part;
    Meeting& meeting;
    Sums<Real> sums;
    Row<Real>* rows;
    const Real** from;
    Real** to;
    int64_t living = 0;

    void meet() { meeting.of(part.size); }

    Row<Real>* begin() { return rows; }
    Row<Real>* end() { return rows + living; }

    // Whether this thread writes what all that share its rows know.
    bool writes() const { return part.size == 1 || part.rank == 0; }

    // Collects the living rows of step t, and calls dead(at) for the others, once each.
    template <class Dead>
    void gather(int64_t t, const Dead& dead) {
        living = 0;
        for (int64_t b = part.b; b < part.b_end; ++b)
            if (lives(s, t, b))
                rows[living++] = row(s, w, t, b);
            else if (writes())
                dead(t * s.B + b);
    }

    // One product of all living rows: panels [begin, end) of to(row) = from(row) . packed.
    template <class From, class To>
    void multiply(int64_t depth, const Real* packed, int64_t begin, int64_t end, const From& of, const To& into) {
        aim(of, into);
        product<Real>(from, living, depth, packed, begin, end, to);
    }

    template <class From, class To>
    void aim(const From& of, const To& into) {
        for (int64_t k = 0; k < living; ++k) {
            from[k] = of(rows[k]);
            to[k] = into(rows[k]);
        }
    }
};

template <class Real>
void clear(Real* rows, int64_t at, int64_t width) {
    if (rows) fill(rows + at * width, width);
}

template <class Cell, class Real>
void forward(Hand<Real>& hand) {
    const Scan<Real>& s = hand.s;
    Scratch<Real>& w = hand.w;
    const Part& part = hand.part;
    for (int64_t n = 0; n < s.T; ++n) {
        hand.gather(s.reverse ? s.T - 1 - n : n, [&](int64_t at) {
            clear(s.y, at, s.S);
            if (s.slots) return;  // nothing else has a place for the dead
            clear(s.gates, at, w.G);
            clear(s.cells, at, s.H);
            clear(s.inner, at, s.H);
            clear(s.normed, at, w.G);
            clear(s.scale, at, 1);
            clear(s.stats_c, at, 2);
        });
        if (s.m) {
            for (Row<Real>& r : hand)
                units<Real>(part.s, part.s_end, s.S, [&](int64_t j, auto n) {
                    store(w.masked + r.b * s.S + j, load(r.h + j, n) * load(s.m + r.b * s.S + j, n), n);
                });
            hand.meet();
        }
        hand.aim([&](auto& r) { return s.m ? w.masked + r.b * s.S : r.h; },
                 [&](auto& r) { return w.a + r.b * s.K * w.Hp; });
        if (w.R)
            product<Real>(hand.from, hand.living, s.S, w.R, part.k * s.K, part.k_end * s.K, hand.to);
        else
            product_as_it_lies<Real>(hand.from, hand.living, s.S, s.R, s.H, s.K, part.k, part.k_end, hand.to);
        if (s.norm_weight) {
            hand.meet();
            for (Row<Real>& r : hand) {
                stats<Real>(w.a + r.b * s.K * w.Hp, s.K, s.H, r.mean, r.scale);
                if (s.scale && hand.writes()) s.scale[r.slot] = r.scale;
            }
        }
        for (Row<Real>& r : hand) Cell::forward(s, w, r, part.k, part.k_end);
        if (s.norm_c_weight) {
            hand.meet();
            for (Row<Real>& r : hand) {
                stats<Real>(w.c + r.b * w.Hp, 1, s.H, r.mean, r.scale);
                if (s.stats_c && hand.writes()) {
                    s.stats_c[2 * r.slot] = r.mean;
                    s.stats_c[2 * r.slot + 1] = r.scale;
                }
                Lstm<Real>::finish(s, w, r, part.k, part.k_end);
            }
        }
        if (s.P) {
            hand.meet();
            hand.multiply(
                s.H, w.P, part.s, part.s_end, [&](auto& r) { return w.q + r.b * w.Hp; },
                [&](auto& r) { return w.dh + r.b * w.Sp; });
            for (Row<Real>& r : hand)
                units<Real>(part.s, part.s_end, s.S, [&](int64_t j, auto n) {
                    Vec<Real> h = load(w.dh + r.b * w.Sp + j, n);
                    if (s.zh) {
                        const Vec<Real> z = kept(s.zh, s.zh_is_one, r.at * s.S + j, n);
                        h = z * load(r.h + j, n) + (1 - z) * h;
                    }
                    store(s.y + r.at * s.S + j, h, n);
                });
        }
        hand.meet();
    }
    if (!hand.writes()) return;
    for (int64_t b = part.b; b < part.b_end; ++b) {
        const int64_t steps = s.lengths ? s.lengths[b] : s.T, last = ((s.reverse ? 0 : steps - 1) * s.B + b);
        copy(steps ? s.y + last * s.S : s.h0 + b * s.S, s.S, s.h_n + b * s.S);
        if (s.cell != lstm) continue;
        if (s.cells && steps)
            copy(s.cells + slot_of(s, last) * s.H, s.H, s.c_n + b * s.H);
        else if (!steps)
            copy(s.c0 + b * s.H, s.H, s.c_n + b * s.H);
    }
}

// Through the layer norm of R h, in place.
template <class Real>
void unnorm(Hand<Real>& hand) {
    const Scan<Real>& s = hand.s;
    const int64_t G = hand.w.G;
    for (Row<Real>& r : hand)
        back_sums<Real>(s.da + r.slot * G, s.norm_weight, s.normed + r.slot * G, G, r.mean, r.scale);
    hand.meet();
    for (Row<Real>& r : hand)
        for (int64_t kind = 0; kind < s.K; ++kind)
            units<Real>(hand.part.k, hand.part.k_end, s.H, [&](int64_t j, auto n) {
                const int64_t k = kind * s.H + j;
                Real* da = s.da + r.slot * G + k;
                store(da,
                      back(da, s.norm_weight + k, s.normed + r.slot * G + k, s.scale[r.slot], r.mean, r.scale,
                           hand.sums.norm_weight + k, hand.sums.norm_bias + k, n),
                      n);
            });
    hand.meet();
}

template <class Cell, class Real>
void backward(Hand<Real>& hand) {
    const Scan<Real>& s = hand.s;
    Scratch<Real>& w = hand.w;
    const Part& part = hand.part;
    const bool lstm_cell = s.cell == lstm;
    const bool direct = s.zh || s.cell == gru;  // h has a way back that does not lead through R
    for (int64_t b = part.b; b < part.b_end; ++b) {
        units<Real>(part.s, part.s_end, s.S, [&](int64_t j, auto n) {
            store(w.dh + b * w.Sp + j, s.dh_n ? load(s.dh_n + b * s.S + j, n) : Vec<Real>{}, n);
        });
        if (lstm_cell)
            units<Real>(part.k, part.k_end, s.H, [&](int64_t j, auto n) {
                store(w.dc + b * w.Hp + j, s.dc_n ? load(s.dc_n + b * s.H + j, n) : Vec<Real>{}, n);
            });
    }
    for (int64_t n = 0; n < s.T; ++n) {
        hand.gather(s.reverse ? n : s.T - 1 - n, [&](int64_t at) {
            if (s.slots) return;
            clear(s.du, at, w.G);
            clear(s.da, at, w.G);
            clear(s.seen, at, s.S);
            clear(s.projected, at, s.H);
            clear(s.dprojected, at, s.S);
        });
        if (s.P) {
            for (Row<Real>& r : hand)
                units<Real>(part.s, part.s_end, s.S, [&](int64_t j, auto n) {
                    Real* dh = w.dh + r.b * w.Sp + j;
                    Vec<Real> d = load(dh, n);
                    if (s.dy) d += load(s.dy + r.at * s.S + j, n);
                    if (s.zh) {
                        const Vec<Real> z = kept(s.zh, s.zh_is_one, r.at * s.S + j, n);
                        store(dh, z * d, n);
                        d *= 1 - z;
                    }
                    store(s.dprojected + r.slot * s.S + j, d, n);
                });
            hand.meet();
            hand.multiply(
                s.S, w.P, part.k, part.k_end, [&](auto& r) { return s.dprojected + r.slot * s.S; },
                [&](auto& r) { return w.q + r.b * w.Hp; });
        }
        if (s.norm_c_weight) {
            for (Row<Real>& r : hand) Lstm<Real>::unfinish(s, w, r, part.k, part.k_end);
            hand.meet();
        }
        for (Row<Real>& r : hand) Cell::backward(s, w, r, hand.sums, part.k, part.k_end);
        hand.meet();
        if (s.norm_weight) unnorm(hand);
        const bool apart = direct || s.m;
        if (w.R)  // else this is the only step, and nobody asks what came before it
            hand.multiply(
                w.G, w.R, part.s, part.s_end, [&](auto& r) { return s.da + r.slot * w.G; },
                [&](auto& r) { return (apart ? w.back : w.dh) + r.b * w.Sp; });
        for (Row<Real>& r : hand) {
            units<Real>(part.s, part.s_end, s.S, [&](int64_t j, auto n) {
                Real* dh = w.dh + r.b * w.Sp + j;
                const int64_t k = r.b * s.S + j;
                if (s.seen) store(s.seen + r.slot * s.S + j, s.m ? load(r.h + j, n) * load(s.m + k, n) : load(r.h + j, n), n);
                if (!w.R || (!apart && r.origin != Origin::fresh)) return;
                Vec<Real> d = load((apart ? w.back : w.dh) + r.b * w.Sp + j, n);
                if (s.m) d *= load(s.m + k, n);
                if (direct) d += load(dh, n);
                if (r.origin != Origin::fresh) return store(dh, d, n);
                if (s.dfresh_h) store(s.dfresh_h + k, load(s.dfresh_h + k, n) + d, n);
                store(dh, Vec<Real>{}, n);
            });
            if (!lstm_cell || r.origin != Origin::fresh) continue;
            units<Real>(part.k, part.k_end, s.H, [&](int64_t j, auto n) {
                Real* dc = w.dc + r.b * w.Hp + j;
                const int64_t k = r.b * s.H + j;
                if (s.dfresh_c) store(s.dfresh_c + k, load(s.dfresh_c + k, n) + load(dc, n), n);
                store(dc, Vec<Real>{}, n);
            });
        }
    }
    for (int64_t b = part.b; b < part.b_end; ++b) {
        if (s.dh0)
            units<Real>(part.s, part.s_end, s.S, [&](int64_t j, auto n) {
                store(s.dh0 + b * s.S + j, load(w.dh + b * w.Sp + j, n), n);
            });
        if (s.dc0)
            units<Real>(part.k, part.k_end, s.H, [&](int64_t j, auto n) {
                store(s.dc0 + b * s.H + j, load(w.dc + b * w.Hp + j, n), n);
            });
    }
}

}  // namespace
