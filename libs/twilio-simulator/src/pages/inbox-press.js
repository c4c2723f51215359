/** Calls the action with each button that is pressed below an element. @param action may take its time */
export function whenPressed(root, selector, action) {
  root.addEventListener('click', ({ target }) => {
    const pressed = target.closest(selector);
    if (pressed) void action(pressed);
  });
}
