"""What is known of Java's own types: their names, and what their methods give."""

from __future__ import annotations

from typing import Final

from collegium.knowledge.resolving.atoms import UNKNOWN, Atom, Atoms, thing

LANGUAGE: Final = frozenset(
    "Appendable ArithmeticException ArrayIndexOutOfBoundsException AssertionError AutoCloseable "
    "Boolean Byte CharSequence Character Class ClassCastException ClassLoader "
    "ClassNotFoundException CloneNotSupportedException Cloneable Comparable Deprecated Double Enum "
    "Error Exception Float FunctionalInterface IllegalAccessException IllegalArgumentException "
    "IllegalStateException IndexOutOfBoundsException InstantiationException Integer "
    "InterruptedException Iterable LinkageError Long Math NegativeArraySizeException "
    "NoSuchFieldException NoSuchMethodException NullPointerException Number NumberFormatException "
    "Object OutOfMemoryError Override Process ProcessBuilder Readable Record Runnable Runtime "
    "RuntimeException SafeVarargs SecurityException Short StackOverflowError StackTraceElement "
    "StackWalker StrictMath String StringBuffer StringBuilder StringIndexOutOfBoundsException "
    "SuppressWarnings System Thread ThreadGroup ThreadLocal Throwable "
    "UnsupportedOperationException Void".split()
)
PRIMITIVE: Final = frozenset("boolean byte char double float int long short void".split())
DOMAINS: Final = frozenset({"com", "java", "javax", "org"})
OF_OBJECT: Final = frozenset(
    "clone equals finalize getClass hashCode notify notifyAll toString wait".split()
)
OF_ENUM: Final = frozenset("compareTo describeConstable getDeclaringClass name ordinal".split())
_COLLECTIONS: Final = frozenset(
    "ArrayDeque ArrayList BlockingQueue Collection CopyOnWriteArrayList Deque Enumeration HashSet "
    "Iterable Iterator LinkedHashSet LinkedList List ListIterator NavigableSet Optional "
    "PriorityQueue Queue SequencedCollection Set SortedSet Spliterator Stack Stream TreeSet "
    "Vector".split()
)
_MAPS: Final = frozenset(
    "ConcurrentHashMap ConcurrentMap Entry EnumMap HashMap Hashtable IdentityHashMap "
    "LinkedHashMap Map "
    "NavigableMap SortedMap TreeMap WeakHashMap".split()
)
_HOLDERS: Final = frozenset(
    "AtomicReference Callable CompletableFuture Future Reference SoftReference Supplier "
    "ThreadLocal WeakReference".split()
)
_GIVES_ELEMENT: Final = frozenset(
    "element first get getFirst getLast last next nextElement orElse orElseGet orElseThrow peek "
    "peekFirst peekLast poll pollFirst pollLast pop previous remove removeFirst removeLast take "
    "call findAny findFirst join".split()
)
_GIVES_SAME: Final = frozenset(
    "descendingIterator distinct filter iterator limit listIterator reversed skip sorted stream "
    "subList".split()
)
_GIVES_VALUE: Final = frozenset(
    "compute computeIfAbsent computeIfPresent get getOrDefault getValue merge put "
    "putIfAbsent remove".split()
)


def called(callee: Atom) -> Atoms:
    """Return what calling a method of a collection, holder or enumeration gives, if it is known."""
    owner, _, method = callee.name.rpartition(".")
    kind = owner.rpartition(".")[2]
    if callee.kind != "outside" or not callee.args:
        return UNKNOWN
    held, *others = callee.args
    if kind == "Enum":
        return (thing("new", held),) if method == "values" else held
    if kind in _MAPS and others:
        return _of_map(method, held, others[0])
    if method in _GIVES_ELEMENT and kind in _COLLECTIONS | _HOLDERS:
        return held
    if method in _GIVES_SAME and kind in _COLLECTIONS:
        return (thing("Iterable", held),)
    return UNKNOWN


def element(held_in: Atom) -> Atoms:
    """Return what a collection holds."""
    is_collection = held_in.name.rpartition(".")[2] in _COLLECTIONS
    return held_in.args[0] if is_collection and held_in.args else UNKNOWN


def _of_map(method: str, key: Atoms, value: Atoms) -> Atoms:
    if method in _GIVES_VALUE:
        return value
    parts = {
        "getKey": key,
        "keySet": (thing("Set", key),),
        "values": (thing("Collection", value),),
        "entrySet": (thing("Set", (thing("Entry", key, value),)),),
    }
    return parts.get(method, UNKNOWN)
