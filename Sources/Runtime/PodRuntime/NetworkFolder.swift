// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CNIInvoker
import CNIProtocol
import LinuxSystem
import Pods

/// The folder of network configuration lists, of which the first by name is every pod's network.
struct NetworkFolder: Sendable {
    let path: String

    /// The list that counts, as its file says it.
    func list() throws(PodServiceError) -> (text: String, list: CNINetworkList) {
        let names: [String]
        do throws(SystemError) {
            names = try Files.list(path)
        } catch {
            throw PodServiceError(.unavailable, "cannot read the networks in \(path): \(error.message)")
        }
        let ends = [".conflist", ".conf", ".json"]
        guard let name = names.filter({ name in ends.contains { name.hasSuffix($0) } }).min() else {
            throw PodServiceError(
                .unavailable,
                "there is no network configuration list (*.conflist) in \(path): install one"
            )
        }
        let file = "\(path)/\(name)"
        let bytes: [UInt8]?
        do throws(SystemError) {
            bytes = try Files.read(file)
        } catch {
            throw PodServiceError(.unavailable, error.message)
        }
        do throws(CNIError) {
            let list = try CNINetworkList(bytes ?? [])
            return (String(decoding: bytes ?? [], as: UTF8.self), list)
        } catch {
            throw PodServiceError(.unavailable, "\(file): \(error.message)")
        }
    }
}
