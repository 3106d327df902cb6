import { Injectable, Scope } from '@nestjs/common';
import { SCOPE_OPTIONS_METADATA } from '@nestjs/common/constants.js';
import { makeInjectable } from './make-injectable.js';
import { addClassMetadata, addMethodMetadata, classMetadata, metadataKey, methodMetadata } from './metadata.js';

const KEY = metadataKey<string>('test');

function Mark(value: string) {
  return (target: object, method: string): void => addMethodMetadata(KEY, target, method, value);
}

function Replace() {
  return (_target: object, _method: string, descriptor: PropertyDescriptor): void => {
    descriptor.value = () => 'replaced';
  };
}

class Parent {
  @Mark('above')
  @Mark('below')
  several(): void {}

  @Mark('parent')
  overridden(): void {}

  @Replace()
  @Mark('kept')
  replaced(): void {}
}

class Child extends Parent {
  override overridden(): void {}
}

describe('metadata', () => {
  it('shares its keys with every other copy of the package', () => {
    expect(KEY.symbol).toBe(Symbol.for('nestjs-triggers:test'));
  });

  it('keeps several values of one method in the order in which they are read', () => {
    expect(methodMetadata(KEY, Parent.prototype, 'several')).toEqual(['above', 'below']);
  });

  it('is inherited with the method, and lost with an override', () => {
    expect(methodMetadata(KEY, Child.prototype, 'several')).toEqual(['above', 'below']);
    expect(methodMetadata(KEY, Child.prototype, 'overridden')).toEqual([]);
  });

  it('survives a decorator that replaces the function', () => {
    expect(methodMetadata(KEY, Parent.prototype, 'replaced')).toEqual(['kept']);
  });

  it('knows nothing of a method that does not exist', () => {
    expect(methodMetadata(KEY, Parent.prototype, 'missing')).toEqual([]);
  });

  it('of a class is its own, not that of its children', () => {
    addClassMetadata(KEY, Parent, 'class');
    expect(classMetadata(KEY, Parent)).toEqual(['class']);
    expect(classMetadata(KEY, Child)).toEqual([]);
  });
});

describe('makeInjectable', () => {
  it('keeps the scope that the class or its parent declares', () => {
    @Injectable({ scope: Scope.REQUEST })
    class Scoped {}
    class Inherits extends Scoped {}
    makeInjectable(Scoped);
    makeInjectable(Inherits);
    expect(Reflect.getMetadata(SCOPE_OPTIONS_METADATA, Scoped)).toEqual({ scope: Scope.REQUEST });
    expect(Reflect.getOwnMetadata(SCOPE_OPTIONS_METADATA, Inherits)).toEqual({ scope: Scope.REQUEST });
  });
});
