/** The tests of src/link, of conversations and IDs, in one program. */
import "../fault.test"
import "../link.test"
import "../recovery.test"
import "../session.test"
import "../stream-id.test"
