// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import PreparedInterface
import TestSupport
import Testing

/// Real guests: vmctl, a private libvirtd and QEMU's translator.
///
/// The network is a record written by hand.
@Suite(.serialized) struct VMCtlGuestTests {
    private let host: GuestMachineHost

    init() throws { host = try GuestMachineHost() }

    private func bootID() throws -> String {
        try String(contentsOfFile: "/proc/sys/kernel/random/boot_id", encoding: .utf8)
            .trimmingCharacters(in: .whitespacesAndNewlines)
    }

    private func record(_ network: TestNetwork) throws -> String {
        try host.record(
            .sample(tap: network.tap, namespace: network.namespace, bootID: bootID(), dhcp: .nobody)
        )
    }

    private func check(_ network: TestNetwork) throws {
        let path = try record(network)
        let run = try host.vmctl(
            "run",
            "web",
            "--image",
            host.image,
            "--memory",
            "256",
            "--accel",
            "tcg",
            "--sandbox",
            "sandbox1",
            "--wait",
            "agent"
        )
        #expect(run.status == 0, "\(run.errors)")
        #expect(run.output == "web\n")

        // The agent answers before cloud-init has set the network up.
        var ping = try network.run("/bin/ping", "-c", "1", "-W", "1", "10.47.0.3")
        for _ in 0..<90 where ping.status != 0 {
            ping = try network.run("/bin/ping", "-c", "1", "-W", "1", "10.47.0.3")
        }
        let console = try host.vmctl("console", "--log", "web").output
        #expect(ping.status == 0, "\(ping.output)\n\(console)")
        let process = try present(try host.emulator("web"))
        let status = try host.status(of: process)
        #expect(status["Uid"] == "67000 67000 67000 67000")
        #expect(status["Gid"] == "67000 67000 67000 67000")
        #expect(status["CapEff"] == "0000000000000000")
        #expect(status["Seccomp"] == "2")
        #expect(status["NoNewPrivs"] == "1")
        let image = try FileManager.default.attributesOfItem(atPath: host.image)
        #expect(image[.ownerAccountID] as? Int == 0, "the image must stay its owner's")
        let list = try host.vmctl("ps")
        #expect(list.output.contains("web   running  tcg"), "\(list.output)")
        #expect(list.output.contains("10.47.0.3"), "\(list.output)")

        let stop = try host.vmctl("stop", "web", "--timeout", "60")
        #expect(stop.status == 0 && stop.errors.hasSuffix("web shut down.\n"), "\(stop.errors)")
        #expect(try host.vmctl("ps").output.contains("stopped"))
        let log = try host.vmctl("console", "--log", "web")
        #expect(!log.output.isEmpty)
        for _ in 0..<2 { #expect(try host.vmctl("rm", "web").status == 0) }
        #expect(try host.vmctl("ps", "-q").output.isEmpty)
        #expect(try host.emulator("web") == nil)
        #expect(FileManager.default.fileExists(atPath: path), "the record is the plugins'")
    }

    @Test(.timeLimit(.minutes(6)))
    func `a machine on a direct tap boots, answers, and leaves nothing`() throws {
        try check(TestNetwork(inNamespace: false))
    }

    @Test(.timeLimit(.minutes(6)))
    func `a machine on a tap in a pod's namespace gets it by the wrapper`() throws {
        try check(TestNetwork(inNamespace: true))
    }

    @Test(.timeLimit(.minutes(2)))
    func `without the record vmctl refuses and leaves nothing`() throws {
        let network = try TestNetwork(inNamespace: false)
        let path = try record(network)
        try FileManager.default.removeItem(atPath: path)
        let run = try host.vmctl(
            "run",
            "web",
            "--image",
            host.image,
            "--accel",
            "tcg",
            "--sandbox",
            "sandbox1"
        )
        #expect(run.status == 1)
        #expect(run.errors.contains("there is no record"), "\(run.errors)")
        #expect(try host.vmctl("ps", "-q").output.isEmpty)
        #expect(try host.emulator("web") == nil)
    }

    @Test(.timeLimit(.minutes(2)))
    func `a tap that is gone is told, and nothing is left`() throws {
        var network: TestNetwork? = try TestNetwork(inNamespace: true)
        _ = try record(present(network))
        network = nil
        let run = try host.vmctl(
            "run",
            "web",
            "--image",
            host.image,
            "--accel",
            "tcg",
            "--sandbox",
            "sandbox1"
        )
        #expect(run.status == 1)
        #expect(run.errors.contains("/run/netns/"), "\(run.errors)")
        #expect(try host.vmctl("ps", "-q").output.isEmpty)
    }

    @Test(.timeLimit(.minutes(5)))
    func `rm cleans up after a kill at any time`() throws {
        let network = try TestNetwork(inNamespace: true)
        _ = try record(network)
        for milliseconds in [20, 60, 120, 250, 500, 1000, 2000, 4000] {
            let started = try host.starting(
                "run",
                "web",
                "--image",
                host.image,
                "--memory",
                "256",
                "--accel",
                "tcg",
                "--sandbox",
                "sandbox1"
            )
            usleep(UInt32(milliseconds) * 1000)
            started.process.kill()
            _ = started.result()
            let remove = try host.vmctl("rm", "web")
            #expect(remove.status == 0, "after \(milliseconds) ms: \(remove.errors)")
            #expect(try host.vmctl("ps", "-q").output.isEmpty)
            // libvirt ends a domain whose start it was busy with when the start has come to an end.
            for _ in 0..<100 where try host.emulator("web") != nil { usleep(100_000) }
            #expect(try host.emulator("web") == nil, "after \(milliseconds) ms")
        }
    }
}
