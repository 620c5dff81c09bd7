// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import DomainXML

/// The memory that QEMU takes beside the guest's.
///
/// Measured with Debian 12's QEMU 7.2 (docs/vm-runtime.md, "Memory"): what is left out here, the kernel takes back by ending QEMU.
struct EmulatorNeeds: Hashable, Sendable {
    /// What runs the guests' instructions.
    var accelerator: Domain.Accelerator
    /// What the operator says it is, whatever the guest; nil for what is computed.
    var fixedMiB: Int?

    /// The needs with an accelerator.
    init(accelerator: Domain.Accelerator, fixedMiB: Int? = nil) {
        self.accelerator = accelerator
        self.fixedMiB = fixedMiB
    }

    /// QEMU itself, its threads that read and write disks, and its devices.
    private static let programMiB = 58
    /// A vCPU's thread and what is cached for it.
    private static let perProcessorMiB = 8
    /// What the kernel's page tables take of the memory that they map, here and in the guest's shadow.
    private static let pageTablePart = 512
    /// What the translator notes of each page of the guest's memory, and of its own blocks of code.
    private static let translatorPart = 64
    /// Bounds of the translator's buffer: below, a guest is slow because its code is translated again and again.
    private static let translationCache = 16...128
    /// The least part of that buffer that a processor works with.
    private static let translationCachePerProcessorMiB = 4

    /// The buffer for translated code, which QEMU would let grow to 1 GiB; nil where nothing is translated.
    ///
    /// An eighth of the guest's memory, within bounds.
    func translationCacheMiB(guestMiB: Int, vcpus: Int) -> Int? {
        guard accelerator == .tcg else { return nil }
        let bounds = Self.translationCache
        let wanted = min(max(bounds.lowerBound, guestMiB / 8), bounds.upperBound)
        return max(wanted, Self.translationCachePerProcessorMiB * vcpus)
    }

    /// What QEMU needs beside a guest of so much memory.
    func overheadMiB(guestMiB: Int, vcpus: Int) -> Int {
        if let fixedMiB { return fixedMiB }
        var need = Self.programMiB + Self.perProcessorMiB * vcpus
        need += (guestMiB + Self.pageTablePart - 1) / Self.pageTablePart
        if let cache = translationCacheMiB(guestMiB: guestMiB, vcpus: vcpus) {
            need += cache + (guestMiB + Self.translatorPart - 1) / Self.translatorPart
        }
        return need
    }

    /// The most memory that a guest can have where it and QEMU have so much together; below 0 where that is less than QEMU needs.
    func mostGuestMiB(within totalMiB: Int, vcpus: Int) -> Int {
        // A guest of one MiB more never needs less.
        var least = totalMiB - overheadMiB(guestMiB: max(0, totalMiB), vcpus: vcpus)
        var most = totalMiB - overheadMiB(guestMiB: 0, vcpus: vcpus)
        while least < most {
            let middle = (least + most + 1) / 2
            if middle + overheadMiB(guestMiB: max(0, middle), vcpus: vcpus) <= totalMiB {
                least = middle
            } else {
                most = middle - 1
            }
        }
        return least
    }
}
