// gatework.ops._native: what Python sees of the kernel.
#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <new>
#include <stdexcept>
#include <string>
#include <vector>

#include "contract.h"

namespace nb = nanobind;

extern const Kernel gatework_plain;
#ifdef __x86_64__
extern const Kernel gatework_avx2;
extern const Kernel gatework_avx512;
#endif

namespace {

struct Choice {
    const char* name;
    const Kernel* kernel;
};

// The kernels that this processor, and the system on it, can run, the widest registers first.
std::vector<Choice> choices() {
    std::vector<Choice> found;
#ifdef __x86_64__
    __builtin_cpu_init();
    const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    if (avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw"))
        found.push_back({"avx512", &gatework_avx512});
    if (avx2) found.push_back({"avx2", &gatework_avx2});
#endif
    found.push_back({"plain", &gatework_plain});
    return found;
}

const std::vector<Choice> all = choices();
const Kernel* chosen = all.front().kernel;

std::vector<std::string> instruction_sets() {
    std::vector<std::string> names;
    for (const Choice& one : all) names.push_back(one.name);
    return names;
}

std::string use(const std::string& name) {
    std::string before;
    const Kernel* found = nullptr;
    for (const Choice& one : all) {
        if (one.kernel == chosen) before = one.name;
        if (one.name == name) found = one.kernel;
    }
    if (!found) throw std::invalid_argument("this processor has no instruction set " + name);
    chosen = found;
    return before;
}

template <class Real, bool back>
void run(const Scan<Real>& scan) {
    bool done;
    {
        nb::gil_scoped_release others_may_go_on;
        if constexpr (sizeof(Real) == sizeof(float))
            done = (back ? chosen->backward32 : chosen->forward32)(scan);
        else
            done = (back ? chosen->backward64 : chosen->forward64)(scan);
    }
    if (!done) throw std::bad_alloc();
}

// A size or a flag is a number in Python; so is the address of an array, as Tensor.data_ptr() gives it.
template <class Real>
void bind(nb::module_& m, const char* name) {
    nb::class_<Scan<Real>> scan(m, name);
    scan.def(nb::init<>());
    const auto number = [&](const char* field, auto Scan<Real>::*member) { scan.def_rw(field, member); };
    const auto array = [&](const char* field, auto Scan<Real>::*member) {
        scan.def_prop_rw(
            field, [member](const Scan<Real>& s) { return reinterpret_cast<uintptr_t>(s.*member); },
            [member](Scan<Real>& s, uintptr_t address) {
                s.*member = reinterpret_cast<std::decay_t<decltype(s.*member)>>(address);
            });
    };
#define GATEWORK_NUMBER(field) number(#field, &Scan<Real>::field)
#define GATEWORK_ARRAY(field) array(#field, &Scan<Real>::field)
    GATEWORK_NUMBER(T); GATEWORK_NUMBER(B); GATEWORK_NUMBER(H); GATEWORK_NUMBER(S); GATEWORK_NUMBER(K);
    GATEWORK_NUMBER(cell); GATEWORK_NUMBER(coupled); GATEWORK_NUMBER(reverse);
    GATEWORK_NUMBER(zh_is_one); GATEWORK_NUMBER(zc_is_one);
    GATEWORK_NUMBER(threads); GATEWORK_NUMBER(split); GATEWORK_NUMBER(clip);
    GATEWORK_ARRAY(u); GATEWORK_ARRAY(h0); GATEWORK_ARRAY(c0); GATEWORK_ARRAY(R); GATEWORK_ARRAY(b);
    GATEWORK_ARRAY(p); GATEWORK_ARRAY(P); GATEWORK_ARRAY(norm_weight); GATEWORK_ARRAY(norm_bias);
    GATEWORK_ARRAY(norm_c_weight); GATEWORK_ARRAY(norm_c_bias); GATEWORK_ARRAY(m); GATEWORK_ARRAY(zh);
    GATEWORK_ARRAY(zc); GATEWORK_ARRAY(lengths); GATEWORK_ARRAY(reset); GATEWORK_ARRAY(fresh_h);
    GATEWORK_ARRAY(fresh_c); GATEWORK_ARRAY(y); GATEWORK_ARRAY(gates); GATEWORK_ARRAY(cells);
    GATEWORK_ARRAY(inner); GATEWORK_ARRAY(normed); GATEWORK_ARRAY(scale); GATEWORK_ARRAY(stats_c);
    GATEWORK_ARRAY(h_n); GATEWORK_ARRAY(c_n); GATEWORK_ARRAY(dy); GATEWORK_ARRAY(dh_n); GATEWORK_ARRAY(dc_n);
    GATEWORK_ARRAY(dgates); GATEWORK_ARRAY(dcells); GATEWORK_ARRAY(du); GATEWORK_ARRAY(da);
    GATEWORK_ARRAY(seen); GATEWORK_ARRAY(dh0); GATEWORK_ARRAY(dc0); GATEWORK_ARRAY(dfresh_h);
    GATEWORK_ARRAY(dfresh_c); GATEWORK_ARRAY(db); GATEWORK_ARRAY(dp); GATEWORK_ARRAY(dnorm_weight);
    GATEWORK_ARRAY(dnorm_bias); GATEWORK_ARRAY(dnorm_c_weight); GATEWORK_ARRAY(dnorm_c_bias);
    GATEWORK_ARRAY(projected); GATEWORK_ARRAY(dprojected);
#undef GATEWORK_NUMBER
#undef GATEWORK_ARRAY
    m.def("forward", &run<Real, false>, nb::arg("scan"), "Run a layer over time; see contract.h.");
    m.def("backward", &run<Real, true>, nb::arg("scan"), "Go back through what forward did; see contract.h.");
}

}  // namespace

NB_MODULE(_native, m) {
    m.def("instruction_sets", &instruction_sets,
          "Names of the kernels that this processor can run, the widest registers first.");
    m.def("use", &use, nb::arg("name"), "Run this instruction set's kernel from now on; returns the name of the one before.");
    bind<float>(m, "Scan32");
    bind<double>(m, "Scan64");
}
