/**
 * The public half of `test/fixtures/example.agekey`. Its private half is published with the source, so what
 * is encrypted for it is readable by everybody: it only keeps the example environment complete and testable.
 */
export const exampleRecipient = 'age198wk68qjqum5zfn98e939rpwjdg0pgqf8hj3xvjxgscp6fwlms8qgxelez';
