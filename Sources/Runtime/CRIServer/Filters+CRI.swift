// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CRIMessages
import Pods

extension PodSandboxFilter {
    init(_ message: CRIPodSandboxFilter) throws(PodServiceError) {
        self.init(id: message.id.isEmpty ? nil : message.id, labels: message.labelSelector)
        guard message.hasState else { return }
        switch message.state.state {
        case .sandboxReady: state = .ready
        case .sandboxNotready: state = .notReady
        case .UNRECOGNIZED(let value): throw .unknown(value, "the filter's state")
        }
    }
}

extension PodSandboxFilter {
    init(_ message: CRIPodSandboxStatsFilter) {
        self.init(id: message.id.isEmpty ? nil : message.id, labels: message.labelSelector)
    }
}

extension ContainerFilter {
    init(_ message: CRIContainerStatsFilter) {
        self.init(
            id: message.id.isEmpty ? nil : message.id,
            sandboxID: message.podSandboxID.isEmpty ? nil : message.podSandboxID,
            labels: message.labelSelector
        )
    }
}

extension ContainerFilter {
    init(_ message: CRIContainerFilter) throws(PodServiceError) {
        self.init(
            id: message.id.isEmpty ? nil : message.id,
            sandboxID: message.podSandboxID.isEmpty ? nil : message.podSandboxID,
            labels: message.labelSelector
        )
        guard message.hasState else { return }
        switch message.state.state {
        case .containerCreated: state = .created
        case .containerRunning: state = .running
        case .containerExited: state = .exited
        case .containerUnknown: state = .unknown
        case .UNRECOGNIZED(let value): throw .unknown(value, "the filter's state")
        }
    }
}
