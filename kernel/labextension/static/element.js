// @ts-check
/// <reference lib="dom" />

/**
 * An element with properties, and children after them.
 *
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {object} [properties] for example `{ className: 'a' }`
 * @param {...(Node | string)} children
 */
export function element(tag, properties = {}, ...children) {
  const node = document.createElement(tag);
  Object.assign(node, properties);
  // Keys are for what has the focus: in a notebook, an arrow would leave the cell and two D's would delete it.
  // JupyterLab's shortcuts look for this on their way from the focus upwards, and may match before they come to a
  // parent.
  if (node.matches('button, input, select, dialog')) node.setAttribute('data-lm-suppress-shortcuts', 'true');
  node.append(...children);
  return node;
}
