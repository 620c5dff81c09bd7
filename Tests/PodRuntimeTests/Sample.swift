// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import DomainXML
import Pods

@testable import PodRuntime

/// Records in which every field says something, and records in which none does but those that must.
enum Sample {
    static var resources: LinuxResources {
        var resources = LinuxResources()
        resources.cpuPeriod = 100_000
        resources.cpuQuota = 150_000
        resources.cpuShares = 1536
        resources.memoryLimit = 1 << 30
        resources.memorySwapLimit = 1 << 30
        resources.oomScoreAdjustment = -997
        resources.cpusetCPUs = "0-1"
        resources.cpusetMemories = "0"
        resources.hugepageLimits = [LinuxResources.HugepageLimit(pageSize: "2MB", limit: UInt64.max)]
        resources.unified = ["memory.high": "900000000"]
        return resources
    }

    static var processor: ProcessorModel {
        var model = ProcessorModel()
        model.mode = .custom
        model.match = .exact
        model.model = "Skylake-Server"
        model.fallback = .forbid
        model.features = [
            ProcessorModel.Feature(name: "vmx", policy: .disable),
            ProcessorModel.Feature(name: "avx2", policy: .require),
        ]
        return model
    }

    private static var sandboxConfiguration: PodSandboxConfiguration {
        let uid = "8f0c1a52-3f0e-4c55-9d5e-0d6b7f3f2a11"
        var configuration = PodSandboxConfiguration(
            metadata: PodSandboxMetadata(name: "web-0", uid: uid, namespace: "shop", attempt: 2)
        )
        configuration.hostname = "web-0"
        configuration.logDirectory = "/var/log/pods/shop_web-0_\(uid)"
        configuration.dns = PodDNS(
            servers: ["10.96.0.10"],
            searches: ["shop.svc.cluster.local", "svc.cluster.local"],
            options: ["ndots:5"]
        )
        configuration.portMappings = [
            PortMapping(transport: .tcp, containerPort: 80, hostPort: 8080, hostAddress: "192.0.2.1"),
            PortMapping(transport: .udp, containerPort: 53, hostPort: 0),
            PortMapping(transport: .sctp, containerPort: 65535, hostPort: 65535),
        ]
        configuration.labels = ["app": "web", "io.kubernetes.pod.name": "web-0"]
        configuration.annotations = [
            "VirtletSystemUUID": "6ab5d6f5-9d7a-4b02-9b40-1f2f2e4c5d6e", "VirtletVCPUCount": "2",
            "note": "caf\u{e9} \u{1F600} \"quoted\"\n\\",
        ]
        configuration.cgroupParent = "/kubepods/burstable/pod\(uid)"
        configuration.namespaces = PodNamespaces(network: .pod, process: .container, ipc: .node)
        configuration.isPrivileged = true
        configuration.sysctls = ["net.ipv4.ip_forward": "1"]
        var overhead = LinuxResources()
        overhead.memoryLimit = 128 << 20
        overhead.cpuShares = 102
        configuration.overhead = overhead
        configuration.resources = resources
        return configuration
    }

    private static var containerConfiguration: ContainerConfiguration {
        var configuration = ContainerConfiguration(
            metadata: ContainerMetadata(name: "vm", attempt: 3),
            image: ImageReference(
                "images.example/debian:12",
                annotations: ["a": "b"],
                userSpecifiedName: "debian:12",
                runtimeHandler: "vm"
            )
        )
        configuration.command = ["/bin/sh"]
        configuration.arguments = ["-c", "true"]
        configuration.workingDirectory = "/root"
        configuration.environment = [
            EnvironmentVariable(name: "KEY", value: Array("value".utf8)),
            EnvironmentVariable(name: "BYTES", value: [0, 255, 10, 128]),
        ]
        var hosts = ContainerMount(
            containerPath: "/etc/hosts",
            hostPath: "/var/lib/kubelet/pods/8f0c1a52/etc-hosts",
            isReadOnly: true
        )
        hosts.isRelabelled = true
        hosts.propagation = .hostToContainer
        var data = ContainerMount(containerPath: "/data", hostPath: "")
        data.isRecursivelyReadOnly = true
        data.propagation = .bidirectional
        data.image = ImageReference("images.example/data:1")
        configuration.mounts = [hosts, data, ContainerMount(containerPath: "/x", hostPath: "/y")]
        configuration.devices = [
            ContainerDevice(containerPath: "/dev/sdb", hostPath: "/dev/vdb", permissions: "rwm")
        ]
        configuration.cdiDevices = ["vendor.example/gpu=0"]
        configuration.labels = ["io.kubernetes.container.name": "vm"]
        configuration.annotations = ["io.kubernetes.container.restartCount": "3"]
        configuration.logPath = "vm/3.log"
        configuration.hasStandardInput = true
        configuration.closesStandardInput = true
        configuration.hasTerminal = true
        configuration.resources = resources
        configuration.isPrivileged = true
        return configuration
    }

    static func sandbox(id: String) -> SandboxRecord {
        SandboxRecord(
            id: id,
            configuration: sandboxConfiguration,
            handler: "vm",
            phase: .ready,
            createdAt: 1_763_840_000_000_000_001,
            bootID: "0b6f2a5c-9d4e-4a5f-8a59-3f5b0f9a7c11",
            user: 66_000,
            namespace: "/run/netns/cvm-5f2c9d4e8a7b6c3d",
            networks: [
                SandboxRecord.Network(
                    interface: "eth0",
                    list:
                        "{\"cniVersion\": \"1.0.0\", \"name\": \"net\", \"plugins\": [{\"type\": \"contrail-cni\"}]}",
                    result: "{\"cniVersion\":\"1.0.0\",\"ips\":[{\"address\":\"10.32.0.5/12\"}]}"
                ), SandboxRecord.Network(interface: "eth1", list: "{}", result: nil),
            ],
            addresses: ["10.32.0.5", "fd00::5"]
        )
    }

    static func plainSandbox(id: String) -> SandboxRecord {
        SandboxRecord(
            id: id,
            configuration: PodSandboxConfiguration(
                metadata: PodSandboxMetadata(name: "db", uid: "u", namespace: "default", attempt: 0)
            ),
            handler: "",
            createdAt: 1_763_840_000_000_000_002,
            bootID: "0b6f2a5c-9d4e-4a5f-8a59-3f5b0f9a7c11",
            user: 66_001,
            namespace: "/run/netns/cvm-a1b2c3d4e5f60718"
        )
    }

    static func container(id: String, in sandboxID: String) -> ContainerRecord {
        container(
            id,
            sandboxID,
            containerConfiguration,
            uuid: "6ab5d6f5-9d7a-4b02-9b40-1f2f2e4c5d6e",
            GuestShape(
                vcpus: 2,
                memoryMiB: 1024,
                rootSize: nil,
                systemUUID: "6ab5d6f5-9d7a-4b02-9b40-1f2f2e4c5d6e",
                diskBus: nil
            )
        )
    }

    static func plainContainer(id: String, in sandboxID: String) -> ContainerRecord {
        container(
            id,
            sandboxID,
            ContainerConfiguration(
                metadata: ContainerMetadata(name: "vm", attempt: 0),
                image: ImageReference("image")
            ),
            uuid: "0d6b7f3f-2a11-4c55-9d5e-8f0c1a523f0e",
            GuestShape(vcpus: 1, memoryMiB: 1024, rootSize: nil, systemUUID: nil, diskBus: nil)
        )
    }

    private static func container(
        _ id: String,
        _ sandboxID: String,
        _ configuration: ContainerConfiguration,
        uuid: String,
        _ shape: GuestShape
    ) -> ContainerRecord {
        let digest = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
        return ContainerRecord(
            id: id,
            sandboxID: sandboxID,
            configuration: configuration,
            imageID: "sha256:\(digest)",
            imagePath: "/var/lib/contrail-vm/images/data/\(digest)",
            imageFormat: "qcow2",
            uuid: uuid,
            shape: shape,
            createdAt: 1_763_840_000_000_000_003
        )
    }
}
