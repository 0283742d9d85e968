/** The tests of src/link, and of what Redis says about where to go, in one program. */
import "../fault.test"
import "../link.test"
import "../recovery.test"
import "../refusal.test"
import "../session.test"
import "../stream-id.test"
import "../topology.test"
