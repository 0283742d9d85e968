/** The tests of src/signal in one program: to compile one takes longer than to run many. */
import "../age.test"
import "../health.test"
import "../lag.test"
import "../level.test"
