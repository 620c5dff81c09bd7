// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// VM pods on a node of their own, driven as kubelet would by an independent client: real plugins, the simulated agent,
/// libvirtd, QEMU and a guest with cloud-init.
@Suite(.serialized) struct PodGuestTests {
    private func check(_ names: String..., environment: [String: String] = [:]) throws {
        let here = URL(fileURLWithPath: #filePath).deletingLastPathComponent().path
        let run = try Programs.run("\(here)/node", names, environment: environment, seconds: 300)
        #expect(run.status == 0 && run.output.contains("all checks passed"), "\(run.output)\n\(run.errors)")
    }

    @Test(
        "a pod's whole life: it runs, is confined, is told its network, logs, ends, and nothing is left",
        .rule(
            "RunPodSandbox",
            "StopPodSandbox",
            "RemovePodSandbox",
            "PodSandboxStatus",
            "ListPodSandbox",
            "CreateContainer",
            "StartContainer",
            "StopContainer",
            "RemoveContainer",
            "ListContainers",
            "ContainerStatus",
            "UpdateContainerResources",
            "ContainerStats",
            "ListContainerStats",
            "PodSandboxStats",
            "ListPodSandboxStats",
            "ListImages",
            "ImageStatus",
            "ImageFsInfo",
            "LIFE-POD"
        ),
        .timeLimit(.minutes(6))
    )
    func life() throws { try check("life") }

    @Test(
        "a guest that has broken out into its emulator reaches nothing that is not its own, by any of fifty tries",
        .rule("HOSTILE-EMULATOR"),
        .timeLimit(.minutes(6))
    )
    func hostile() throws { try check("hostile") }

    @Test(
        "an emulator that lies about its process moves nobody, and its children end with it",
        .rule("HOSTILE-EMULATOR"),
        .timeLimit(.minutes(6))
    )
    func liars() throws { try check("liars") }

    @Test(
        "how a guest ends, by itself or by force, is told in words that kubelet acts on",
        .rule("ContainerStatus", "ENDS"),
        .timeLimit(.minutes(6))
    )
    func ends() throws { try check("ends") }

    @Test(
        "a guest uses all memory that it sees as free and boots anew, within the pod's limit",
        .rule("MEMORY"),
        .timeLimit(.minutes(6))
    )
    func memory() throws { try check("memory") }

    @Test(
        "guests and their traffic live on while vm-runtime, libvirtd and both are killed",
        .rule("SURVIVAL"),
        .timeLimit(.minutes(6))
    )
    func survival() throws { try check("survival") }

    @Test(
        "many pods at once, asked for repeatedly and out of order, by callers that give up",
        .rule("CROWD"),
        .timeLimit(.minutes(6))
    )
    func crowd() throws { try check("crowd") }

    @Test(
        "vm-runtime is killed in the midst of each call, and nothing is left",
        .rule("KILLS"),
        .timeLimit(.minutes(6))
    )
    func kills() throws { try check("kills") }

    @Test(
        "a guest comes up by DHCP alone, another by a ConfigDrive alone, each with its whole network",
        .rule("BOOTS"),
        .timeLimit(.minutes(6))
    )
    func boots() throws { try check("boots") }

    @Test(
        "guests find each other by the names that kubelet's DNS knows, and live on while vm-runtime is replaced",
        .rule("NAMES", "UPGRADE", "HOSTILE-6"),
        .timeLimit(.minutes(6))
    )
    func pair() throws { try check("pair") }

    @Test(
        "a log is rotated without loss, and a guest that writes without end harms nobody",
        .rule("ReopenContainerLog", "LOGS"),
        .timeLimit(.minutes(6))
    )
    func logs() throws { try check("logs") }

    @Test(
        "after a node's reboot kubelet's calls converge, and nothing is left",
        .rule("PodSandboxStatus", "ContainerStatus", "REBOOT"),
        .timeLimit(.minutes(6))
    )
    func reboot() throws { try check("reboot") }

    @Test(
        "what fails leaves nothing, and says why",
        .rule("RunPodSandbox", "CreateContainer"),
        .timeLimit(.minutes(6))
    )
    func failures() throws { try check("failures") }

    @Test(
        "guests with vhost-user sockets hear each other through DPDK, and none waits for a vRouter for ever",
        .rule("StartContainer", "DPDK"),
        .timeLimit(.minutes(6))
    )
    func vhostUser() throws {
        try check("vhostuser", environment: ["lab_simulator": #", "platform": "dpdk""#])
    }
}
