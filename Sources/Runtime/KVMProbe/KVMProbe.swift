// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CLinux
public import HostPrograms
public import LinuxSystem

/// Finds out by a tiny guest and a clock whether KVM is of use.
///
/// Features do not tell: where a host has no virtualisation for its guests, KVM may emulate every instruction,
/// passes all feature probes and is hundreds of times slower than QEMU's translator.
public struct KVMProbe: Sendable {
    private let qemu: HostProgram
    private let device: String
    private let limit: Double

    /// What was found.
    public enum Verdict: Hashable, Sendable {
        /// KVM runs guests at speed.
        case usable
        /// KVM runs guests, but slower than QEMU's translator would.
        case tooSlow
        /// KVM runs no guests; why.
        case notUsable(String)
        /// QEMU does not even run the probe by itself; why.
        case brokenQEMU(String)
    }

    /// A probe by a QEMU.
    /// - Parameters:
    ///   - qemu: The QEMU to run.
    ///   - device: KVM's device.
    ///   - limit: How many seconds the probe may take with KVM. A processor takes milliseconds beside QEMU's
    ///     start; emulation takes ten times this and more.
    public init(qemu: HostProgram, device: String = "/dev/kvm", limit: Double = 2) {
        self.qemu = qemu
        self.device = device
        self.limit = limit
    }

    /// Runs the probe.
    ///
    /// `folder`: A folder for the firmware's image, which is removed again.
    /// Throws where the image cannot be written.
    public func verdict(folder: String) async throws(SystemError) -> Verdict {
        do throws(SystemError) {
            _ = try FileDescriptor(opening: device, O_RDWR)
        } catch {
            return .notUsable(error.message)
        }
        let image = "\(folder)/kvm-probe.\(getpid()).bin"
        try Files.write(ProbeImage.bytes, to: image)
        let verdict = await self.verdict(image: image)
        try Files.remove(image)
        return verdict
    }

    /// Whether guests should run on KVM: measured at the first time after a boot, and remembered.
    ///
    /// `folder`: Where it is remembered; a boot must empty it. `tell`: Takes what is going on.
    /// Throws where the folder cannot be read or written.
    public func prefersKVM(folder: String, tell: (String) -> Void) async throws(SystemError) -> Bool {
        let path = "\(folder)/accelerator"
        switch try Files.read(path, limit: 16).map({ String(decoding: $0, as: UTF8.self) }) {
        case "kvm": return true
        case "tcg": return false
        default: break
        }
        tell("Measuring whether KVM is of use")
        let isUsable = try await verdict(folder: folder) == .usable
        tell(isUsable ? "Guests run on KVM" : "Guests run on QEMU's translator (TCG)")
        try Files.write(Array((isUsable ? "kvm" : "tcg").utf8), to: path)
        return isUsable
    }

    private func verdict(image: String) async -> Verdict {
        do throws(HostProgramError) {
            let run = try await run(accelerator: "kvm", image: image, seconds: limit)
            if run.ending == .exited(ProbeImage.doneStatus) { return .usable }
            // Is it KVM, or is it QEMU? The translator tells.
            let control = try await self.run(accelerator: "tcg", image: image, seconds: 10)
            guard control.ending == .exited(ProbeImage.doneStatus) else {
                return .brokenQEMU(Self.reason(control))
            }
            return run.ending == .overdue ? .tooSlow : .notUsable(Self.reason(run))
        } catch {
            return .brokenQEMU(error.description)
        }
    }

    private func run(
        accelerator: String,
        image: String,
        seconds: Double
    ) async throws(HostProgramError) -> HostProgram.Run {
        try await qemu.run(
            [
                "-accel", accelerator, "-cpu", "qemu64", "-machine", "pc", "-m", "16", "-nodefaults",
                "-display",
                "none", "-no-reboot", "-bios", image, "-device", "isa-debug-exit,iobase=0x501,iosize=1",
            ],
            seconds: seconds
        )
    }

    private static func reason(_ run: HostProgram.Run) -> String {
        let last = run.errors.split(separator: "\n").last.map { ": \($0)" } ?? ""
        switch run.ending {
        case .exited(let status): return "QEMU exited with \(status)\(last)"
        case .signalled(let signal): return "signal \(signal) ended QEMU\(last)"
        case .overdue: return "QEMU did not end in time"
        }
    }
}
