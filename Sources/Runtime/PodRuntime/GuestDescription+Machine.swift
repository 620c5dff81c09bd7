// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CloudInit
import NetworkTypes
import Pods

extension GuestDescription {
    /// Takes what an operator says of a machine's guest.
    mutating func take(_ guest: MachineRequest.Guest) throws(PodServiceError) {
        sshKeys = guest.sshKeys
        if !guest.userData.isEmpty {
            do throws(CloudInitError) {
                userData = try UserText(packed: guest.userData, from: guest.userDataSource)
            } catch {
                throw PodServiceError(.invalidArgument, error.description)
            }
        }
        addressing = guest.configuresItself ? .image : guest.asksDHCP ? .dhcp : .prepared
        networkVersion = guest.networkVersion == 1 ? .v1 : .v2
        dns = guest.dns == PodDNS() ? nil : try Self.resolver(guest.dns)
    }
}
