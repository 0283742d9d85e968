/** The tests of src/settings.ts in one program. */
import "../settings-faults.test"
import "../settings.test"
