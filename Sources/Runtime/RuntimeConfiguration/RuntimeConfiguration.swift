// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

public import NetworkTypes

/// What an operator can set of vm-runtime.
///
/// To add a field: a property here with its default, and a line in `fields`.
public struct RuntimeConfiguration: Hashable, Sendable {
    /// The socket of the Container Runtime Interface.
    public var listen = "/run/contrail-vm/vm-runtime.sock"
    /// The operator's socket.
    public var operatorSocket = "/run/contrail-vm/operator.sock"
    /// What outlives a boot.
    public var stateFolder = "/var/lib/contrail-vm"
    /// What does not.
    public var runFolder = "/run/contrail-vm"
    /// libvirt's URI.
    public var libvirtURI = "qemu:///system"
    /// The folder of network configuration lists.
    public var cniConfigurationFolder = "/etc/cni/net.d"
    /// The folder of CNI plugins.
    public var cniPluginFolder = "/opt/cni/bin"
    /// The folder of the image store.
    public var imageFolder = "/var/lib/contrail-vm/images"
    /// How an image is got whose name tells no protocol.
    public var imageDownloadProtocol = DownloadProtocol.https
    /// The folder of name translation sets.
    public var imageTranslationFolder = "/etc/contrail-vm/images"
    /// Whether regular expressions of translation sets count.
    public var translatesByRegularExpressions = true
    /// Local addresses from which images may come.
    public var imageLocalAddresses: [EndpointRange] = []
    /// Whether raw images count in which nothing is known.
    public var takesUnknownImages = false
    /// What must stay free where images are.
    public var imageReserve = ByteCount(512 << 20)
    /// The first user id for emulators.
    public var firstEmulatorUser = 66_000
    /// How many there are.
    public var emulatorUserCount = 900
    /// What emulators may reach by IP.
    public var storageNetworks: [IPPrefix] = []
    /// What an emulator needs beside the guest's memory.
    public var memoryOverhead = ByteCount(0)
    /// The most of a VM's root disk; 0 for any.
    public var rootVolumeLimit = ByteCount(0)
    /// How many VMs are started at once.
    public var startLimit = 4
    /// Seconds that a VM may wait for a vRouter on DPDK.
    public var vrouterSeconds = 60
    /// Handlers of RuntimeClasses that are served, besides the default one.
    public var handlers = ["vm"]
    /// Who makes cgroups.
    public var cgroupDriver = CgroupDriverChoice.auto
    /// What runs guests' instructions.
    public var accelerator = AcceleratorChoice.auto
    /// The board of guests.
    public var machineType = MachineType.q35
    /// The program that fetches taps from pods' namespaces and becomes QEMU.
    public var wrapper = "/usr/local/libexec/contrail-vm/vmwrapper"
    /// Where libvirt writes the process ids of its QEMUs.
    public var libvirtProcessFolder = "/run/libvirt/qemu"
    /// Where metrics are served; nil for nowhere.
    public var metrics = EndpointRange("127.0.0.1:9813")
    /// How long calls may go on after SIGTERM, in seconds.
    public var drainSeconds = 30
    /// What is logged.
    public var logLevel = LogLevel.info

    /// The defaults.
    public init() {}

    /// Every field: the one place that the file, the environment, the flags, `--dump-config` and the reference page
    /// go by.
    ///
    /// Virtlet's variables: those whose meaning is the field's. A variable whose words differ has a translation.
    static let fields: [ConfigurationField] = [
        .init(
            "listen",
            \.listen,
            .path,
            "VIRTLET_CRI_SOCKET_PATH",
            "The socket on which kubelet finds the runtime; mode 0600."
        ),
        .init(
            "operator-socket",
            \.operatorSocket,
            .path,
            "The operator's socket, which `vmctl` uses; mode 0600. What is made there, kubelet does not see."
        ),
        .init("state-dir", \.stateFolder, .path, "What outlives a boot: the database, disks, logs."),
        .init(
            "run-dir",
            \.runFolder,
            .path,
            "What does not: records of interfaces, sandboxes, locks. The plugins' `run-dir` must be the same."
        ),
        .init("libvirt-uri", \.libvirtURI, .text, "VIRTLET_LIBVIRT_URI", "libvirt's URI."),
        .init(
            "cni-conf-dir",
            \.cniConfigurationFolder,
            .path,
            "VIRTLET_CNI_CONFIG_DIR",
            "The folder of network configuration lists; the first by name counts."
        ),
        .init(
            "cni-bin-dir",
            \.cniPluginFolder,
            .path,
            "VIRTLET_CNI_PLUGIN_DIR",
            "The folder of CNI plugins."
        ),
        .init(
            "image-dir",
            \.imageFolder,
            .path,
            "VIRTLET_IMAGE_DIR",
            "The image store; best on the file system of `state-dir`."
        ),
        .init(
            "image-download-protocol",
            \.imageDownloadProtocol,
            .word,
            "VIRTLET_DOWNLOAD_PROTOCOL",
            "How an image is got whose name no translation set knows."
        ),
        .init(
            "image-translation-dir",
            \.imageTranslationFolder,
            .path,
            "VIRTLET_IMAGE_TRANSLATIONS_DIR",
            "The folder of name translation sets; it need not be there."
        ),
        .init(
            "image-regexp-translation",
            \.translatesByRegularExpressions,
            .flag,
            "IMAGE_REGEXP_TRANSLATION",
            "Whether regular expressions of translation sets count."
        ),
        .init(
            "image-local-addresses",
            \.imageLocalAddresses,
            .endpoints,
            "Where on this node or its links images may come from. Any other address of 127.0.0.0/8, 169.254.0.0/16, 0.0.0.0/8, ::1 and fe80::/10 is refused, whatever name or redirect leads there: services of the node answer there."
        ),
        .init(
            "image-allow-unknown",
            \.takesUnknownImages,
            .flag,
            "Whether raw images are taken in which there is neither a partition table, a boot sector nor a known file system."
        ),
        .init(
            "image-reserve",
            \.imageReserve,
            .bytes,
            "What stays free on the file system of the image store, whatever is pulled."
        ),
        .init(
            "emulator-uid-first",
            \.firstEmulatorUser,
            .number(1000...4_000_000_000),
            "The first of the user ids under which QEMU runs, one a VM. Nobody else may have one of them."
        ),
        .init(
            "emulator-uid-count",
            \.emulatorUserCount,
            .number(1...1_000_000),
            "How many of them there are: at most so many VMs."
        ),
        .init(
            "storage-networks",
            \.storageNetworks,
            .networks,
            "The networks that QEMU may reach, by TCP alone: those of network disks. It has no other IP of the node. Loopback and link-local addresses are reached only where a listed network lies in theirs."
        ),
        .init(
            "memory-overhead",
            \.memoryOverhead,
            .bytes,
            "What QEMU gets of a pod's memory beside the guest, whatever the guest. 0: what it needs, computed for each guest."
        ),
        .init(
            "root-volume-limit",
            \.rootVolumeLimit,
            .bytes,
            "The largest root disk that a VM may have, its image's size included; 0: any that is free on the node."
        ),
        .init(
            "start-limit",
            \.startLimit,
            .number(1...1024),
            "How many VMs are started at once; others wait."
        ),
        .init(
            "vrouter-timeout",
            \.vrouterSeconds,
            .number(1...3600),
            "Seconds that a VM with vhost-user sockets waits for the vRouter at its start."
        ),
        .init(
            "runtime-handlers",
            \.handlers,
            .names,
            "Handlers of RuntimeClasses that are served, besides the default one, which has no name; any other is refused."
        ),
        .init(
            "cgroup-driver",
            \.cgroupDriver,
            .word,
            "Who makes cgroups. auto: systemd where it runs the node."
        ),
        .init(
            "accelerator",
            \.accelerator,
            .word,
            .init("VIRTLET_DISABLE_KVM") { Self.isTrue($0) == true ? "tcg" : nil },
            "What runs guests' instructions. auto: KVM where it was measured to be fast, else TCG."
        ),
        .init(
            "machine-type",
            \.machineType,
            .word,
            "The board of guests: q35 has PCI Express, pc is the older one."
        ),
        .init(
            "vmwrapper",
            \.wrapper,
            .path,
            "The program vmwrapper, which QEMU's users must be able to run. "
                + "Defaults to the one under vm-runtime's own installation prefix."
        ),
        .init(
            "libvirt-pid-dir",
            \.libvirtProcessFolder,
            .path,
            "Where libvirt writes the process ids of its QEMUs."
        ),
        .init(
            "metrics",
            \.metrics,
            .endpoint,
            "Where Prometheus finds `/metrics`, and anybody `/healthz`."
        ),
        .init(
            "drain-timeout",
            \.drainSeconds,
            .number(0...3600),
            "Seconds that calls may go on after SIGTERM."
        ),
        .init(
            "log-level",
            \.logLevel,
            .word,
            .init("VIRTLET_LOGLEVEL") { Int($0).map { $0 >= 4 ? "debug" : "info" } },
            "What is logged: this and all that matters more. info has a line for each call that changes something."
        ),
    ]

    /// What a text means as yes or no; nil for neither.
    static func isTrue(_ text: String) -> Bool? {
        switch text.lowercased() {
        case "true", "yes", "on", "1": true
        case "false", "no", "off", "0": false
        default: nil
        }
    }
}

/// How an image is got.
public enum DownloadProtocol: String, CaseIterable, Hashable, Sendable {
    /// In the clear.
    case http
    /// Over TLS.
    case https
}

/// Who makes cgroups.
public enum CgroupDriverChoice: String, CaseIterable, Hashable, Sendable {
    /// systemd where it runs the node, else cgroupfs.
    case auto
    /// We, as folders.
    case cgroupfs
    /// systemd, as slices and scopes.
    case systemd
}

/// What runs guests' instructions.
public enum AcceleratorChoice: String, CaseIterable, Hashable, Sendable {
    /// KVM where it was measured to be fast, else TCG.
    case auto
    /// KVM.
    case kvm
    /// QEMU's own translator.
    case tcg
}

/// A board.
public enum MachineType: String, CaseIterable, Hashable, Sendable {
    /// i440FX.
    case pc
    /// Q35.
    case q35
}

/// How much an event must matter to be logged.
public enum LogLevel: String, CaseIterable, Hashable, Sendable {
    /// Something failed that is ours to do.
    case error
    /// Something is not as it should be.
    case warning
    /// Something has changed.
    case info
    /// Each call.
    case debug
}
