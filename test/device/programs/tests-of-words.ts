/** The tests of what servers say, and of what is passed on of it, in one program. */
import "../printable.test"
import "../refusal.test"
import "../topology.test"
