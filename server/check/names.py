"""Names that are there without being in the design: the language's, the browser's, each tool's."""

from __future__ import annotations

from typing import Final

__all__ = ["EVERYWHERE", "TOOLS"]

EVERYWHERE: Final = frozenset(
    """
    undefined NaN Infinity globalThis window self document console
    Object Array String Number Boolean Symbol BigInt Function Math JSON Date RegExp Map Set WeakMap WeakSet
    WeakRef Promise Proxy Reflect Intl Atomics Error TypeError RangeError SyntaxError ReferenceError URIError
    EvalError AggregateError ArrayBuffer SharedArrayBuffer DataView Int8Array Uint8Array Uint8ClampedArray
    Int16Array Uint16Array Int32Array Uint32Array Float32Array Float64Array BigInt64Array BigUint64Array
    parseInt parseFloat isNaN isFinite encodeURI encodeURIComponent decodeURI decodeURIComponent escape unescape
    eval structuredClone queueMicrotask atob btoa crypto performance setTimeout clearTimeout setInterval
    clearInterval fetch URL URLSearchParams Blob File FileReader FormData Headers Request Response
    TextEncoder TextDecoder AbortController AbortSignal Event EventTarget CustomEvent location navigator history
    localStorage sessionStorage alert confirm prompt requestAnimationFrame WebSocket Worker XMLHttpRequest Image
    DOMParser Node Element HTMLElement
    """.split()
)

_APPSMITH: Final = frozenset(
    """
    appsmith _ lodash moment CryptoJS forge xmlParser jspdf jsPDF UUID uuid Papa
    showAlert showModal closeModal navigateTo navigateToUrl storeValue removeValue clearStore download
    copyToClipboard resetWidget setInterval clearInterval postWindowMessage windowMessageListener
    unlistenWindowMessage watchLocation stopWatch getCurrentPosition getCurrentLocation assignWidget
    currentItem currentIndex currentView currentRow currentRowIndex isNewRow triggeredItem triggeredRow
    sourceData formData fieldState fieldName item index selectedItem MainContainer actionId
    """.split()
)
_TOOLJET: Final = frozenset(
    """
    components queries globals page variables parameters constants secrets server client actions listItem cardData
    rowData cellValue changeSet moment _ axios data exposedVariables input currentRow column row rowIndex
    tooljet tj params metadata item index self
    """.split()
)
_OWN: Final = frozenset(
    """
    app user page query params item index row event value moment _ lodash navigateTo showAlert showModal closeModal
    storeValue removeValue clearStore resetComponent download copyToClipboard store
    """.split()
)

TOOLS: Final = {"appsmith": _APPSMITH, "tooljet": _TOOLJET, "coweave": _OWN}
