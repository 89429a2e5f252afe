#pragma once
// Linking this module gives InstructionSet its `emulatedAVX512`: nothing has to be called.
