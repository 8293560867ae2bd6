//! The kernels by name, and which of them this machine can run.

/// An implementation of the scan. All give the same answer, faults included; they differ in speed alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kernel {
    /// 64 bytes an instruction: AVX-512 F and BW, with carry-less multiplication.
    Avx512,
    /// 32 bytes an instruction: AVX2, with carry-less multiplication.
    Avx2,
    /// 16 bytes an instruction: AArch64's NEON.
    Neon,
    /// One byte at a time, on every machine: the definition of right.
    Scalar,
}

impl Kernel {
    /// Every kernel, fastest first.
    pub const ALL: [Kernel; 4] = [Kernel::Avx512, Kernel::Avx2, Kernel::Neon, Kernel::Scalar];

    /// The name that `--kernel` takes and reports show.
    pub const fn name(self) -> &'static str {
        match self {
            Kernel::Avx512 => "avx512",
            Kernel::Avx2 => "avx2",
            Kernel::Neon => "neon",
            Kernel::Scalar => "scalar",
        }
    }

    /// The kernel of that name.
    pub fn from_name(name: &str) -> Option<Kernel> {
        Self::ALL.into_iter().find(|kernel| kernel.name() == name)
    }

    /// Whether this machine can run it; asked at run time.
    pub fn is_available(self) -> bool {
        match self {
            #[cfg(target_arch = "x86_64")]
            Kernel::Avx512 => is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512bw") && x86_bit_instructions(),
            #[cfg(target_arch = "x86_64")]
            Kernel::Avx2 => is_x86_feature_detected!("avx2") && x86_bit_instructions(),
            #[cfg(target_arch = "aarch64")]
            Kernel::Neon => std::arch::is_aarch64_feature_detected!("neon"),
            Kernel::Scalar => true,
            #[allow(unreachable_patterns)] // which kernels are left over depends on the architecture
            _ => false,
        }
    }

    /// What it takes of the machine, in words.
    pub const fn needs(self) -> &'static str {
        match self {
            Kernel::Avx512 => "x86-64 with AVX-512 F and BW, PCLMULQDQ, BMI1, POPCNT",
            Kernel::Avx2 => "x86-64 with AVX2, PCLMULQDQ, BMI1, POPCNT",
            Kernel::Neon => "AArch64 with NEON",
            Kernel::Scalar => "nothing",
        }
    }

    /// The fastest kernel that this machine can run.
    pub fn best() -> Kernel {
        Self::ALL.into_iter().find(|kernel| kernel.is_available()).unwrap_or(Kernel::Scalar)
    }
}

/// What both x86 kernels need beside their vectors.
#[cfg(target_arch = "x86_64")]
fn x86_bit_instructions() -> bool {
    is_x86_feature_detected!("pclmulqdq") && is_x86_feature_detected!("bmi1") && is_x86_feature_detected!("popcnt")
}
