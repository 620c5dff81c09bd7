// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import VMWrapper

extension Domain {
    /// The namespace of our element in a domain's metadata.
    public static let metadataNamespace = "urn:contrail-vm:machine:1"

    /// libvirt's description of the domain. See https://libvirt.org/formatdomain.html
    public var xml: String {
        var attributes = [("type", accelerator == .kvm ? "kvm" : "qemu")]
        if wrapper != nil || sharesMemory || systemUUID != nil {
            attributes.append(("xmlns:qemu", "http://libvirt.org/schemas/domain/qemu/1.0"))
        }
        var children = [
            XMLElement("name", text: name),
            XMLElement("uuid", text: uuid.text),
            metadata,
            XMLElement("memory", [("unit", "MiB")], text: String(memoryMiB)),
        ]
        if sharesMemory {
            children.append(
                XMLElement(
                    "memoryBacking",
                    [],
                    [
                        XMLElement("source", [("type", "memfd")]),
                        XMLElement("access", [("mode", "shared")]),
                    ]
                )
            )
        }
        children += [
            XMLElement("vcpu", text: String(vcpus)),
            system, features, processor,
            XMLElement("clock", [("offset", "utc")]),
            XMLElement("on_poweroff", text: "destroy"),
            XMLElement("on_reboot", text: "restart"),
            XMLElement("on_crash", text: keepsPanicked ? "preserve" : "destroy"),
            XMLElement("devices", [], devices),
            label,
        ]
        let command = arguments + (wrapper.map { environment($0) } ?? [])
        if !command.isEmpty { children.append(XMLElement("qemu:commandline", [], command)) }
        if sharesMemory { children.append(override) }
        return XMLElement("domain", attributes, children).serialized()
    }

    private var metadata: XMLElement {
        XMLElement(
            "metadata",
            [],
            [
                XMLElement(
                    "vm:machine",
                    [("xmlns:vm", Self.metadataNamespace), ("owner", owner), ("name", name)]
                )
            ]
        )
    }

    /// Whether another process must see the guest's memory.
    private var sharesMemory: Bool { interfaces.contains { $0.isVhostUser } }

    private var system: XMLElement {
        var children = [XMLElement("type", [("arch", "x86_64"), ("machine", machine.rawValue)], text: "hvm")]
        var attributes: [(String, String)] = []
        if case .uefi(let variables) = firmware {
            attributes.append(("firmware", "efi"))
            children += [
                // Without it libvirt may choose a firmware that only boots what is signed.
                XMLElement(
                    "firmware",
                    [],
                    [XMLElement("feature", [("enabled", "no"), ("name", "secure-boot")])]
                ),
                XMLElement("nvram", text: variables),
            ]
        }
        children.append(XMLElement("boot", [("dev", "hd")]))
        return XMLElement("os", attributes, children)
    }

    private var features: XMLElement {
        var children = [XMLElement("acpi"), XMLElement("apic")]
        if accelerator == .tcg, let translationCacheMiB {
            let cache = XMLElement("tb-cache", [("unit", "MiB")], text: String(translationCacheMiB))
            children.append(XMLElement("tcg", [], [cache]))
        }
        return XMLElement("features", [], children)
    }

    private var processor: XMLElement {
        switch cpu {
        case .model(let model):
            return model.element
        case .host where accelerator == .kvm:
            return XMLElement("cpu", [("mode", "host-model"), ("check", "partial")])
        case .best where accelerator == .kvm:
            return XMLElement("cpu", [("mode", "host-passthrough"), ("check", "none")])
        case .host, .best:
            // The translator has no host to be like.
            return XMLElement("cpu", [("mode", "maximum"), ("check", "none")])
        }
    }

    private var devices: [XMLElement] {
        var devices: [XMLElement] = []
        if let wrapper { devices.append(XMLElement("emulator", text: wrapper.path)) }
        for (index, disk) in disks.enumerated() { devices.append(element(of: disk, index: index)) }
        if diskBus == .scsi {
            // Without a model libvirt takes one of a chip that few guests know.
            devices.append(
                XMLElement("controller", [("type", "scsi"), ("index", "0"), ("model", "virtio-scsi")])
            )
        }
        devices.append(XMLElement("controller", [("type", "usb"), ("model", "none")]))
        for interface in interfaces {
            if let element = Self.element(of: interface) { devices.append(element) }
        }
        devices.append(
            XMLElement(
                "serial",
                [("type", "pty")],
                [
                    XMLElement("log", [("file", consoleLog), ("append", "on")]),
                    XMLElement("target", [("port", "0")]),
                ]
            )
        )
        devices.append(
            XMLElement(
                "channel",
                [("type", "unix")],
                [XMLElement("target", [("type", "virtio"), ("name", "org.qemu.guest_agent.0")])]
            )
        )
        devices.append(XMLElement("video", [], [XMLElement("model", [("type", "none")])]))
        devices.append(
            XMLElement("memballoon", [("model", "virtio")], [XMLElement("stats", [("period", "10")])])
        )
        devices.append(
            XMLElement(
                "rng",
                [("model", "virtio")],
                [XMLElement("backend", [("model", "random")], text: "/dev/urandom")]
            )
        )
        // By it the guest's kernel tells that it panicked.
        devices.append(XMLElement("panic", [("model", "isa")]))
        return devices
    }

    /// The chain under an overlay is told, so that libvirt guesses no format from an image's content, and
    /// keeps its owner: libvirt would give an image, which many machines share, to the user of one of them.
    private func element(of disk: Disk, index: Int) -> XMLElement {
        var children = [
            XMLElement("driver", [("name", "qemu"), ("type", disk.format.rawValue)]),
            XMLElement("source", [("file", disk.path)]),
        ]
        if let base = disk.base {
            children.append(
                XMLElement(
                    "backingStore",
                    [("type", "file")],
                    [
                        XMLElement("format", [("type", base.format.rawValue)]),
                        XMLElement(
                            "source",
                            [("file", base.path)],
                            [XMLElement("seclabel", [("model", "dac"), ("relabel", "no")])]
                        ),
                        XMLElement("backingStore"),
                    ]
                )
            )
        } else {
            children.append(XMLElement("backingStore"))
        }
        children.append(XMLElement("target", [("dev", diskName(index)), ("bus", diskBus.rawValue)]))
        if disk.isReadOnly { children.append(XMLElement("readonly")) }
        return XMLElement("disk", [("type", "file"), ("device", "disk")], children)
    }

    /// vda to vdz, or sda to sdz.
    private func diskName(_ index: Int) -> String {
        (diskBus == .scsi ? "sd" : "vd")
            + String(UnicodeScalar(UInt8(ascii: "a") + UInt8(clamping: min(index, 25))))
    }

    /// Nil where the wrapper adds the device.
    private static func element(of interface: DomainInterface) -> XMLElement? {
        var children = [XMLElement("mac", [("address", interface.mac.text)])]
        let type: String
        switch interface.backend {
        case .wrappedTap: return nil
        case .tap(let name):
            type = "ethernet"
            children.append(XMLElement("target", [("dev", name.text), ("managed", "no")]))
        case .vhostUser(let path, let listener):
            type = "vhostuser"
            let mode = listener == .guest ? "server" : "client"
            var source = XMLElement("source", [("type", "unix"), ("path", path), ("mode", mode)])
            // A guest that connects does so again after the other side's restart.
            if listener == .vrouter {
                source = source.with(XMLElement("reconnect", [("enabled", "yes"), ("timeout", "1")]))
            }
            children.append(source)
        }
        children.append(XMLElement("model", [("type", "virtio")]))
        if interface.queues > 1 {
            children.append(XMLElement("driver", [("queues", String(interface.queues))]))
        }
        if interface.isVhostUser {
            children.append(XMLElement("alias", [("name", interface.alias)]))
        } else {
            children.append(XMLElement("mtu", [("size", String(interface.mtu))]))
        }
        children += [
            XMLElement("rom", [("enabled", "no")]),
            XMLElement(
                "address",
                [
                    ("type", "pci"), ("domain", "0x0000"), ("bus", "0x00"),
                    ("slot", "0x" + String(interface.slot, radix: 16)), ("function", "0x0"),
                ]
            ),
        ]
        return XMLElement("interface", [("type", type)], children)
    }

    private var label: XMLElement {
        XMLElement(
            "seclabel",
            [("type", "static"), ("model", "dac"), ("relabel", "yes")],
            [XMLElement("label", text: "+\(user.uid):+\(user.gid)")]
        )
    }

    /// What libvirt has no words for: its `sysinfo` takes no UUID but the domain's.
    ///
    /// QEMU takes the last one that it is told, and what libvirt says comes first.
    private var arguments: [XMLElement] {
        guard let systemUUID else { return [] }
        return ["-smbios", "type=1,uuid=\(systemUUID.text)"].map { XMLElement("qemu:arg", [("value", $0)]) }
    }

    /// What only the started emulator sees: libvirt's probes run it without.
    private func environment(_ wrapper: Wrapper) -> [XMLElement] {
        let vhosts = accelerator == .kvm && wrapper.offersVhost
        let wrapped = interfaces.compactMap { $0.wrapped(on: machine, vhosts: vhosts) }
        return [
            Self.variable(WrapperEnvironment.socket, wrapper.socket),
            Self.variable(WrapperEnvironment.interfaces, WrappedInterface.text(wrapped)),
        ]
    }

    /// What libvirt has no words for, or, as the MTU of a vhost-user interface, sets on a network device that is not there.
    private var override: XMLElement {
        func device(_ interface: DomainInterface) -> XMLElement {
            var properties = [("host_mtu", interface.mtu)]
            // Interrupts by message: where it translates, QEMU 7.2 crashes as the guest starts a device that has them.
            if accelerator == .tcg { properties.append(("vectors", 0)) }
            let frontend = properties.map { name, value in
                XMLElement("qemu:property", [("name", name), ("type", "unsigned"), ("value", String(value))])
            }
            return XMLElement(
                "qemu:device",
                [("alias", interface.alias)],
                [XMLElement("qemu:frontend", [], frontend)]
            )
        }
        return XMLElement("qemu:override", [], interfaces.filter(\.isVhostUser).map(device))
    }

    private static func variable(_ name: String, _ value: String) -> XMLElement {
        XMLElement("qemu:env", [("name", name), ("value", value)])
    }
}
