/** The tests of names and of what servers say, and of what is passed on of it, in one program. */
import "../name-pattern.test"
import "../printable.test"
import "../refusal.test"
import "../topology.test"
