// The contract between Python and the kernel: one layer, in one direction, over one stretch of time.
//
// Letters as in equations.py: T steps, B rows, H hidden units, S = H or the projected size, K kinds of gate (4, or 3 where
// i and f are coupled, for an LSTM; 3 for a GRU; 1 for an RNN), G = K * H gate rows in torch's order.
//
// Python owns every array and keeps it alive over the call. All are contiguous, row after row, last axis quickest, and
// none overlaps another but where it says so. A null pointer is an option that is off. The kernel writes to what stands
// under "out" and to nothing else, and every element of it, whatever it held before.
#pragma once

#include <cstdint>

enum Cell : int64_t { lstm, gru, rnn_tanh, rnn_relu };

// How threads share the work: by rows of the batch, which never wait for each other, or by hidden units, which meet at
// every step. By default the kernel decides (threads.h).
enum Split : int64_t { by_cost, by_rows, by_units };

template <class Real>
struct Scan {
    // Sizes and flags
    int64_t T = 0, B = 0, H = 0, S = 0, K = 0;
    int64_t cell = lstm;
    int64_t coupled = 0;     // f = 1 - i: gates i, g, o
    int64_t reverse = 0;     // from the last time (of each row) to the first
    int64_t zh_is_one = 0;   // zh is one number, not (T, B, S); so for zc
    int64_t zc_is_one = 0;
    int64_t threads = 1;     // at most; forward and backward must not differ if bits are to be the same again
    int64_t split = by_cost;
    double clip = 0;         // 0: none

    // In, forward and backward
    const Real* u = nullptr;           // (T, B, G) the input's share. Forward only
    const Real* h0 = nullptr;          // (B, S)
    const Real* c0 = nullptr;          // (B, H) LSTM
    const Real* R = nullptr;           // (G, S)
    const Real* b = nullptr;           // (H) GRU: the candidate's recurrent bias, inside the reset gate
    const Real* p = nullptr;           // (K - 1, H) LSTM: peepholes
    const Real* P = nullptr;           // (S, H) LSTM: projection
    const Real* norm_weight = nullptr; // (G) layer norm of R h: gain, and
    const Real* norm_bias = nullptr;   // (G) shift
    const Real* norm_c_weight = nullptr;  // (H) LSTM: layer norm of c before the output's tanh
    const Real* norm_c_bias = nullptr;    // (H)
    const Real* m = nullptr;           // (B, S) multiplies the h that R sees
    const Real* zh = nullptr;          // (T, B, S), or one number: the share of the old h that stays
    const Real* zc = nullptr;          // (T, B, H), or one number. LSTM
    const int64_t* lengths = nullptr;  // (B) from 0 to T: the row ends there
    // (T, B) which of N rows belongs to (t, b), for each of the N that live: u, gates, cells, inner, normed, scale,
    // stats_c, du, da, seen, projected and dprojected have no others then, and dgates and dcells are null.
    // Null: row t * B + b.
    const int64_t* slots = nullptr;
    const uint8_t* reset = nullptr;    // (T, B) 0 or 1: before this step the memory begins anew
    const Real* fresh_h = nullptr;     // (B, S) what a reset puts in the memory's place; zero where null
    const Real* fresh_c = nullptr;     // (B, H)

    // Out of forward, into backward
    Real* y = nullptr;        // (T, B, S) h at every step; 0 past a row's end, as all that is kept
    Real* gates = nullptr;    // (T, B, G) LSTM i, f, g, o; GRU r, z, n; RNN h before zoneout. May be u's own memory.
    Real* cells = nullptr;    // (T, B, H) LSTM: c at every step
    Real* inner = nullptr;    // (T, B, H) GRU: what the reset gate multiplies
    Real* normed = nullptr;   // (T, B, G) layer norm: R h brought to mean 0 and variance 1
    Real* scale = nullptr;    // (T, B) layer norm: 1 / deviation of R h
    Real* stats_c = nullptr;  // (T, B, 2) layer norm of c: its mean and 1 / deviation
    // gates, cells, inner, normed, scale and stats_c may be null in forward, where nobody goes back; y may not.

    // Out of forward alone
    Real* h_n = nullptr;  // (B, S) the memory after each row's last step
    Real* c_n = nullptr;  // (B, H) LSTM

    // Into backward: the gradient of the loss by what forward gave
    const Real* dy = nullptr;      // (T, B, S); zero where null, as the next four
    const Real* dh_n = nullptr;    // (B, S)
    const Real* dc_n = nullptr;    // (B, H)
    const Real* dgates = nullptr;  // (T, B, G)
    const Real* dcells = nullptr;  // (T, B, H)

    // Out of backward: the gradient of the loss by what forward took
    Real* du = nullptr;      // (T, B, G)
    Real* da = nullptr;      // (T, B, G) by R h; is du itself for an LSTM or RNN without layer norm
    Real* seen = nullptr;    // (T, B, S) no gradient: the h that R saw. Null: not wanted
    Real* dh0 = nullptr;     // (B, S). Null: not wanted; so dc0
    Real* dc0 = nullptr;     // (B, H)
    Real* dfresh_h = nullptr;  // (B, S), where there is a fresh_h; so dfresh_c
    Real* dfresh_c = nullptr;  // (B, H)
    Real* db = nullptr;        // (H), where there is a b; so the next five
    Real* dp = nullptr;        // (K - 1, H)
    Real* dnorm_weight = nullptr;    // (G)
    Real* dnorm_bias = nullptr;      // (G)
    Real* dnorm_c_weight = nullptr;  // (H)
    Real* dnorm_c_bias = nullptr;    // (H)
    Real* projected = nullptr;   // (T, B, H) no gradient: what P multiplied, where there is a P
    Real* dprojected = nullptr;  // (T, B, S) by P's product
};

// Where u comes from when a layer takes one step at a time: u = W x + b, W x normalised first where there is a norm.
template <class Real>
struct Share {
    int64_t D = 0;
    const Real* W = nullptr;            // (G, D)
    const Real* b = nullptr;            // (G) both biases in one, or null
    const Real* norm_weight = nullptr;  // (G)
    const Real* norm_bias = nullptr;    // (G)
};

// One set of instructions' kernel for one type of number.
template <class Real>
struct Doors {
    // False where memory ran out.
    bool (*forward)(const Scan<Real>&);
    bool (*backward)(const Scan<Real>&);

    // A layer that takes one step at a time: its weights packed once. Of the scan, T is 1, lengths and reset are null, and
    // h_n and c_n may be h0's and c0's own memory. x (B, D), y (B, S). Null where memory ran out.
    void* (*open)(const Scan<Real>&, const Share<Real>&);
    void (*step)(void* opened, const Real* x, Real* y);
    void (*close)(void* opened);
};

struct Kernel {
    Doors<float> single;
    Doors<double> twice;
};
