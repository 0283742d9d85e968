/** The tests of src/display in one program. */
import "../gpio.test"
import "../patterns.test"
import "../player.test"
import "../traffic-light.test"
