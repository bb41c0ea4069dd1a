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

template <class Real>
const Doors<Real>& doors(const Kernel& kernel) {
    if constexpr (sizeof(Real) == sizeof(float))
        return kernel.single;
    else
        return kernel.twice;
}

template <class Real, bool back>
void run(const Scan<Real>& scan) {
    bool done;
    {
        nb::gil_scoped_release others_may_go_on;
        done = back ? doors<Real>(*chosen).backward(scan) : doors<Real>(*chosen).forward(scan);
    }
    if (!done) throw std::bad_alloc();
}

// A stack of layers that takes one step at a time, each layer's output the next one's input.
template <class Real>
class Stepper {
  public:
    void add(const Scan<Real>& scan, const Share<Real>& share) {
        void* layer = kernel_.open(scan, share);
        if (!layer) throw std::bad_alloc();
        layers_.push_back(layer);
        between_.emplace_back(static_cast<size_t>(scan.B * scan.S));
    }

    // Keeps the GIL: a step is over before another thread could have taken it.
    void step(uintptr_t x, uintptr_t y) {
        const Real* from = reinterpret_cast<const Real*>(x);
        for (size_t k = 0; k < layers_.size(); ++k) {
            Real* to = k + 1 < layers_.size() ? between_[k].data() : reinterpret_cast<Real*>(y);
            kernel_.step(layers_[k], from, to);
            from = to;
        }
    }

    Stepper() = default;
    Stepper(const Stepper&) = delete;
    Stepper& operator=(const Stepper&) = delete;
    ~Stepper() {
        for (void* layer : layers_) kernel_.close(layer);
    }

  private:
    Doors<Real> kernel_ = doors<Real>(*chosen);
    std::vector<void*> layers_;
    std::vector<std::vector<Real>> between_;
};

// A size or a flag is a number in Python; so is the address of an array, as Tensor.data_ptr() gives it.
template <class Struct, class Class, class Pointer>
void array_in(Class& to, const char* field, Pointer Struct::*member) {
    to.def_prop_rw(
        field, [member](const Struct& s) { return reinterpret_cast<uintptr_t>(s.*member); },
        [member](Struct& s, uintptr_t address) { s.*member = reinterpret_cast<Pointer>(address); });
}

template <class Real>
void bind(nb::module_& m, const std::string& bits) {
    nb::class_<Scan<Real>> scan(m, ("Scan" + bits).c_str());
    scan.def(nb::init<>());
    const auto number = [&](const char* field, auto Scan<Real>::*member) { scan.def_rw(field, member); };
    const auto array = [&](const char* field, auto Scan<Real>::*member) { array_in<Scan<Real>>(scan, field, member); };
#define GATEWORK_NUMBER(field) number(#field, &Scan<Real>::field)
#define GATEWORK_ARRAY(field) array(#field, &Scan<Real>::field)
    GATEWORK_NUMBER(T); GATEWORK_NUMBER(B); GATEWORK_NUMBER(H); GATEWORK_NUMBER(S); GATEWORK_NUMBER(K);
    GATEWORK_NUMBER(cell); GATEWORK_NUMBER(coupled); GATEWORK_NUMBER(reverse);
    GATEWORK_NUMBER(zh_is_one); GATEWORK_NUMBER(zc_is_one);
    GATEWORK_NUMBER(threads); GATEWORK_NUMBER(split); GATEWORK_NUMBER(clip);
    GATEWORK_ARRAY(u); GATEWORK_ARRAY(h0); GATEWORK_ARRAY(c0); GATEWORK_ARRAY(R); GATEWORK_ARRAY(b);
    GATEWORK_ARRAY(p); GATEWORK_ARRAY(P); GATEWORK_ARRAY(norm_weight); GATEWORK_ARRAY(norm_bias);
    GATEWORK_ARRAY(norm_c_weight); GATEWORK_ARRAY(norm_c_bias); GATEWORK_ARRAY(m); GATEWORK_ARRAY(zh);
    GATEWORK_ARRAY(zc); GATEWORK_ARRAY(lengths); GATEWORK_ARRAY(slots); GATEWORK_ARRAY(reset); GATEWORK_ARRAY(fresh_h);
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
    nb::class_<Share<Real>> share(m, ("Share" + bits).c_str());
    share.def(nb::init<>()).def_rw("D", &Share<Real>::D);
    array_in<Share<Real>>(share, "W", &Share<Real>::W);
    array_in<Share<Real>>(share, "b", &Share<Real>::b);
    array_in<Share<Real>>(share, "norm_weight", &Share<Real>::norm_weight);
    array_in<Share<Real>>(share, "norm_bias", &Share<Real>::norm_bias);
    nb::class_<Stepper<Real>>(m, ("Stepper" + bits).c_str())
        .def(nb::init<>())
        .def("add", &Stepper<Real>::add, nb::arg("scan"), nb::arg("share"), "Put a layer on top of the stack.")
        .def("step", &Stepper<Real>::step, nb::arg("x"), nb::arg("y"), "Read x (B, D), write y (B, S).");
}

}  // namespace

NB_MODULE(_native, m) {
    m.def("instruction_sets", &instruction_sets,
          "Names of the kernels that this processor can run, the widest registers first.");
    m.def("use", &use, nb::arg("name"), "Run this instruction set's kernel from now on; returns the name of the one before.");
    bind<float>(m, "32");
    bind<double>(m, "64");
}
