// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

package import CNIProtocol
import DomainXML
import LinuxSystem
package import NetworkTypes
package import PreparedInterface

/// Reads what the plugins prepared for a sandbox.
///
/// It is all that the runtime knows of the network.
package struct PreparedNetwork {
    /// The interfaces, in the order of their index.
    package let interfaces: [PreparedInterface]

    /// Reads the records of a sandbox.
    ///
    /// `names`: The interfaces that must be there; where it is empty, all that are, but at least one.
    package init(of container: ContainerID, names: [InterfaceName], in folder: String) throws(MachineError) {
        let operation = "find the network interfaces of the sandbox \(container.text)"
        let store = InterfaceStore(folder: folder)
        var expected = names
        do throws(SystemError) {
            if expected.isEmpty { expected = try store.interfaces(of: container) }
        } catch {
            throw MachineError(operation, error)
        }
        guard !expected.isEmpty else {
            throw MachineError(
                operation,
                "there is no record in \(folder)/\(container.text)",
                advice: Self.advice
            )
        }
        var interfaces: [PreparedInterface] = []
        for name in expected {
            let key = InterfaceKey(containerID: container, interface: name)
            let record: PreparedInterface?
            do throws(InterfaceStore.Failure) {
                record = try store.load(key, .record)
            } catch {
                throw MachineError(operation, error.message)
            }
            guard let record else {
                throw MachineError(
                    operation,
                    "there is no record \(store.path(of: key, .record))",
                    advice: Self.advice
                )
            }
            interfaces.append(record)
        }
        self.interfaces = interfaces.sorted { $0.index < $1.index }
        try checkBoot(operation)
    }

    private static let advice =
        "The network's plugins write it when they made the interface. The list must end with a plugin that "
        + "does, like contrail-cni or tap-bridge, and the plugins must use the same folder."

    private func checkBoot(_ operation: String) throws(MachineError) {
        let boot: String
        do throws(SystemError) { boot = try Host.bootID() } catch { throw MachineError(operation, error) }
        for interface in interfaces where interface.bootID.text != boot {
            throw MachineError(
                operation,
                "\(interface.key.interface.text) was made before this host was booted",
                advice: "Remove the machine and run it again."
            )
        }
    }
}
